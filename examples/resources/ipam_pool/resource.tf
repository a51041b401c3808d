# A top-level pool brings its own space.
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

# A pool below takes its space out of that: any /16.
resource "ipam_pool" "region" {
  name                = "eu-west-1"
  source_ipam_pool_id = ipam_pool.top.id
  locale              = "eu-west-1"
  netmask_length      = 16

  allocation_min_netmask_length     = 20
  allocation_max_netmask_length     = 28
  allocation_default_netmask_length = 24
}
