output "subnets" {
  # ["10.0.0.0/26", "10.0.0.64/28", "10.0.0.128/25"]
  value = provider::ipam::cidr_split_into("10.0.0.0/24", [26, 28, 25])
}
