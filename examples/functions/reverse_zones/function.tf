output "zones" {
  # ["12.18.198.in-addr.arpa", "13.18.198.in-addr.arpa"]
  value = provider::ipam::reverse_zones("198.18.12.0/23")
}
