#= update ipam_pool.site, ipam_pool.inner
#= kept ipam_pool.site.id
#= kept ipam_pool.inner.id
#= kept ipam_pool.inner.cidr
#= ipam_pool.site.locale = "eu-west-1"
#= ipam_pool.inner.locale = "eu-west-1"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "site" {
  name                = "site"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 20
  locale              = "eu-west-1"
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
