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

# A set in one block, which is `cidr`: a route or a firewall rule names the block instead of all members. The free part of
# the block is kept for later members.
resource "ipam_allocation_set" "cluster" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "cluster"
  packing      = "by-name"
  contiguous   = true
  members      = { for zone in ["a", "b", "c"] : "nodes-${zone}" => { netmask_length = 23 } }
}

output "web" {
  value = ipam_allocation_set.vpc.cidrs["web"]
}

output "cluster" {
  value = {
    around = ipam_allocation_set.cluster.cidr
    nodes  = ipam_allocation_set.cluster.cidrs
  }
}
