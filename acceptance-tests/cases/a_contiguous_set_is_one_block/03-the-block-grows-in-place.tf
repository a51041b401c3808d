# The other allocation goes, so the block has room to grow. No member moves.
#= delete ipam_allocation.other
#= update ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidr = "10.0.0.0/22"
#= ipam_allocation_set.vpc.cidrs = {"app": "10.0.1.192/27", "big": "10.0.3.0/24", "lb": "10.0.1.128/26", "web": "10.0.0.0/24"}
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
    big = { netmask_length = 24 }
    lb  = { netmask_length = 26 }
    app = { netmask_length = 27 }
  }
}
