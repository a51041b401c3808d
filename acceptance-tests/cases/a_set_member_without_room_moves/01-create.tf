#= create ipam_pool.top, ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidrs = {"db": "10.0.0.0/24", "web": "10.0.1.0/24"}
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"

  members = {
    web = { netmask_length = 24 }
    db  = { netmask_length = 24 }
  }
}
