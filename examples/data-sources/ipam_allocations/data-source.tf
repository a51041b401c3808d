resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "web"
}

data "ipam_allocations" "web" {
  ipam_pool_id = ipam_pool.prod.id
  name_pattern = "web*"
  depends_on   = [ipam_allocation.web]
}

output "cidrs" {
  value = data.ipam_allocations.web.cidrs
}
