resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "web"
}

data "ipam_utilization" "prod" {
  ipam_pool_id = ipam_pool.prod.id
  depends_on   = [ipam_allocation.web]
}

output "used_percent" {
  value = data.ipam_utilization.prod.used_percent
}

output "largest_free" {
  value = data.ipam_utilization.prod.largest_free_cidr
}
