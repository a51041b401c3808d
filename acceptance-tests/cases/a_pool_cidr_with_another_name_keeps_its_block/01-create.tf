#= create ipam_pool.top, ipam_pool.below, ipam_pool_cidr.first, ipam_pool_cidr.second, ipam_allocation.web
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
  name           = "mian"
  netmask_length = 20
}

resource "ipam_pool_cidr" "second" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "more"
  netmask_length = 20
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool_cidr.second.ipam_pool_id
  name           = "web"
  netmask_length = 24
}
