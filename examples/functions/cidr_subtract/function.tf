output "rest" {
  # ["10.0.0.0/26", "10.0.0.128/25"]
  value = provider::ipam::cidr_subtract(["10.0.0.0/24"], ["10.0.0.64/26"])
}
