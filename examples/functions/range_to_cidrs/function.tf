output "blocks" {
  # ["10.0.0.0/29", "10.0.0.8/31", "10.0.0.10/32"]
  value = provider::ipam::range_to_cidrs("10.0.0.0", "10.0.0.10")
}
