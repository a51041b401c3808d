resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

# Which pools hold this address?
data "ipam_pools" "of_address" {
  contains_cidr = "10.0.3.7/32"
  depends_on    = [ipam_pool.prod]
}

output "pools" {
  value = [for pool in data.ipam_pools.of_address.pools : pool.path]
}
