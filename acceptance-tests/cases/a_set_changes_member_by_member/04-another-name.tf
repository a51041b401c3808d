# The members get other names, and keep their ids and blocks.
#= update ipam_allocation_set.vpc
#= kept ipam_allocation_set.vpc.id
#= kept ipam_allocation_set.vpc.ids
#= kept ipam_allocation_set.vpc.cidrs
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "office"
  description  = "office"

  members = {
    web = { netmask_length = 26 }
    app = { netmask_length = 24 }
    lb  = { netmask_length = 25 }
    vpn = { cidr = "10.0.0.0/24" }
  }
}

data "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.top.id
  name         = "office/web"
  depends_on   = [ipam_allocation_set.vpc]
}
