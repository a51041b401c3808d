output "common" {
  # ["10.0.4.0/24"]
  value = provider::ipam::cidr_intersect(["10.0.0.0/16"], ["10.0.4.0/24", "10.1.0.0/16"])
}
