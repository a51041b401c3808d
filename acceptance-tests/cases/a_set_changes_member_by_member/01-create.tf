# The largest members come first, and the block that has a CIDR before them.
#= create ipam_pool.top, ipam_allocation_set.vpc
#= ipam_allocation_set.vpc.cidrs = {"db": "10.0.2.0/25", "lb": "10.0.2.128/26", "vpn": "10.0.0.0/24", "web": "10.0.1.0/24"}
#= ipam_allocation_set.vpc.owner = "tests/one"
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
    db  = { netmask_length = 25 }
    lb  = { netmask_length = 26 }
    vpn = { cidr = "10.0.0.0/24" }
  }
}

output "web" {
  value = ipam_allocation_set.vpc.cidrs["web"]
}
