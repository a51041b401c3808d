# `web` takes the space that the set itself gives up, and the new member the space that is left.
#= update ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidrs = {"app": "10.0.8.0/21", "web": "10.0.0.0/21"}
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"

  members = {
    web = { cidr = "10.0.0.0/21" }
    app = { netmask_length = 21 }
  }
}
