# The last holder is back, and gets its block again.
resource "ipam_pool" "top" {
  name       = "top"
  locale     = "eu-central-1"
  cidrs      = ["10.0.0.0/24"]
  quarantine = "24h"
}

resource "ipam_allocation" "db" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "db"
  netmask_length = 26
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}

#= create ipam_allocation.web
#= ipam_allocation.web.cidr = "10.0.0.0/26"
