output "gateway" {
  value = provider::ipam::cidr_hosts("10.0.0.0/24").gateway # "10.0.0.1"
}
