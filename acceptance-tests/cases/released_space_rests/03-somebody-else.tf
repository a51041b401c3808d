# Another allocation gets the next free block, because the first one rests.
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

data "ipam_utilization" "top" {
  ipam_pool_id = ipam_pool.top.id
  depends_on   = [ipam_allocation.db]
}

#= create ipam_allocation.db
#= ipam_allocation.db.cidr = "10.0.0.64/26"
#= data.ipam_utilization.top.resting = 64
