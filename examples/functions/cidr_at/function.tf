output "fourth_subnet" {
  value = provider::ipam::cidr_at("10.0.0.0/16", 24, 3) # "10.0.3.0/24"
}
