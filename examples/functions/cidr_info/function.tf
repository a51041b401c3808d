output "netmask" {
  value = provider::ipam::cidr_info("10.0.0.0/20").netmask # "255.255.240.0"
}
