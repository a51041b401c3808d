# 10.0.1.192/26 is free, and kept for the set. A later member gets it.
#= create ipam_allocation.other
#= update ipam_allocation_set.vpc
#= ipam_allocation.other.cidr = "10.0.2.0/26"
#= kept ipam_allocation_set.vpc.cidr
#= ipam_allocation_set.vpc.cidrs = {"app": "10.0.1.192/27", "db": "10.0.1.0/25", "lb": "10.0.1.128/26", "web": "10.0.0.0/24"}
#= output route = "10.0.0.0/23"
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
    app = { netmask_length = 27 }
  }
}

resource "ipam_allocation" "other" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "other"
  netmask_length = 26
}

output "route" {
  value = ipam_allocation_set.vpc.cidr
}
