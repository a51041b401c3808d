#= create ipam_pool.top, ipam_pool_cidr.first, ipam_pool.below, ipam_pool_cidr.below, ipam_allocation.web
#= ipam_pool_cidr.below.cidr = "10.0.0.0/20"
#= ipam_allocation.web.cidr = "10.0.0.0/24"
resource "ipam_pool" "top" {
  name           = "top"
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool_cidr" "first" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/16"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
}

resource "ipam_pool_cidr" "below" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "main"
  netmask_length = 20
  depends_on     = [ipam_pool_cidr.first]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool_cidr.below.ipam_pool_id
  name           = "web"
  netmask_length = 24
}
