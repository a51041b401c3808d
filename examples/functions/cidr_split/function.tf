output "quarters" {
  # ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"]
  value = provider::ipam::cidr_split("10.0.0.0/24", 26)
}
