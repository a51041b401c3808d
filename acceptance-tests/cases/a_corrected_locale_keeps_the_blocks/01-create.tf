#= create ipam_pool.top, ipam_pool.site, ipam_pool.inner, ipam_allocation.office
#= ipam_pool.inner.locale = "us-east-1"
#= ipam_allocation.office.cidr = "10.0.0.0/24"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "site" {
  name                = "site"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 20
  locale              = "us-east-1"
}

resource "ipam_pool" "inner" {
  name                = "inner"
  source_ipam_pool_id = ipam_pool.site.id
  netmask_length      = 22
}

resource "ipam_allocation" "office" {
  ipam_pool_id   = ipam_pool.inner.id
  name           = "office"
  netmask_length = 24
}
