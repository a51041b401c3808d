#= update ipam_pool_cidr.first, ipam_pool_cidr.second
#= kept ipam_pool_cidr.first.id
#= kept ipam_pool_cidr.first.cidr
#= kept ipam_pool_cidr.second.id
#= kept ipam_pool_cidr.second.cidr
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  locale              = "us-east-1"
}

resource "ipam_pool_cidr" "first" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "more"
  netmask_length = 20
}

resource "ipam_pool_cidr" "second" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "rest"
  netmask_length = 20
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool_cidr.second.ipam_pool_id
  name           = "web"
  netmask_length = 24
}
