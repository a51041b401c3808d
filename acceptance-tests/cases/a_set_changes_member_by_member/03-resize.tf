# Each member that changes its size stays where it is.
#= update ipam_allocation_set.vpc
#= kept ipam_allocation_set.vpc.id
#= kept ipam_allocation_set.vpc.ids
#= ipam_allocation_set.vpc.cidrs = {"app": "10.0.3.0/24", "lb": "10.0.2.128/25", "vpn": "10.0.0.0/24", "web": "10.0.1.0/26"}
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"
  description  = "office"
  tags         = { env = "prod" }

  members = {
    web = { netmask_length = 26 }
    app = { netmask_length = 24 }
    lb  = { netmask_length = 25 }
    vpn = { cidr = "10.0.0.0/24" }
  }
}
