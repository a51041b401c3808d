# `web` cannot grow in place, because `db` is next to it, and `db` stays.
#= update ipam_allocation_set.vpc
#= kept ipam_allocation_set.vpc.id
#= ipam_allocation_set.vpc.cidrs = {"db": "10.0.0.0/24", "web": "10.0.2.0/23"}
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"

  members = {
    web = { netmask_length = 23 }
    db  = { netmask_length = 24 }
  }
}
