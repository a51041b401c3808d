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

# No allocation gets the network address, the gateway, the broadcast address or the anycast range.
resource "ipam_pool" "hosts" {
  name                = "hosts"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 24

  reserve_first  = 2
  reserve_last   = 1
  reserved_cidrs = ["10.1.0.240/29"]

  # What an allocation releases rests for a day before another one gets it.
  quarantine = "24h"
}

# Allocations by size go into the first CIDR, then into the second one. The third one is being given up.
resource "ipam_pool" "sites" {
  name  = "sites"
  cidrs = ["172.16.0.0/16", "172.17.0.0/16", "172.18.0.0/16"]

  cidr_priorities = {
    "172.16.0.0/16" = 10
    "172.17.0.0/16" = 20
  }

  draining_cidrs = ["172.18.0.0/16"]
}
