# The smallest block that has room for all members.
#= create ipam_pool.top, ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidr = "10.0.0.0/23"
#= ipam_allocation_set.vpc.cidrs = {"db": "10.0.1.0/25", "lb": "10.0.1.128/26", "web": "10.0.0.0/24"}
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"
  contiguous   = true

  members = {
    web = { netmask_length = 24 }
    db  = { netmask_length = 25 }
    lb  = { netmask_length = 26 }
  }
}

output "route" {
  value = ipam_allocation_set.vpc.cidr
}
