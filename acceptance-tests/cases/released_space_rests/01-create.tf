# What is released from this pool rests for a day: nobody else gets it.
resource "ipam_pool" "top" {
  name       = "top"
  locale     = "eu-central-1"
  cidrs      = ["10.0.0.0/24"]
  quarantine = "24h"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}

data "ipam_utilization" "top" {
  ipam_pool_id = ipam_pool.top.id
  depends_on   = [ipam_allocation.web]
}

#= create ipam_pool.top, ipam_allocation.web
#= ipam_allocation.web.cidr = "10.0.0.0/26"
#= data.ipam_utilization.top.resting = 0
