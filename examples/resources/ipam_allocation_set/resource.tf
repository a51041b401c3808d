resource "ipam_pool" "prod" {
  name  = "prod"
  cidrs = ["10.0.0.0/16"]
}

# All members or none. The plan shows every CIDR.
resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "vpc"

  members = {
    web = { netmask_length = 24 }
    db  = { netmask_length = 26 }
    vpn = { cidr = "10.0.255.0/28" } # Exactly this block.
  }
}

# A set in one block of its own: a pool with that block around it. The block is `cidr` of the pool, and other allocations
# of `prod` stay outside of it.
resource "ipam_pool" "cluster" {
  name                = "cluster"
  source_ipam_pool_id = ipam_pool.prod.id
  netmask_length      = 20
}

resource "ipam_allocation_set" "cluster" {
  ipam_pool_id = ipam_pool.cluster.id
  name         = "cluster"
  packing      = "by-name"
  members      = { for zone in ["a", "b", "c"] : "nodes-${zone}" => { netmask_length = 23 } }
}

output "web" {
  value = ipam_allocation_set.vpc.cidrs["web"]
}

output "cluster" {
  value = {
    around = ipam_pool.cluster.cidr
    nodes  = ipam_allocation_set.cluster.cidrs
  }
}
