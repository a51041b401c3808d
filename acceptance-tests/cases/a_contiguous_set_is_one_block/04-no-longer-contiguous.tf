# A set that is not contiguous is another set: its members get new blocks.
#= replace ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidr = null
#= new ipam_allocation_set.vpc.ids
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
  }
}
