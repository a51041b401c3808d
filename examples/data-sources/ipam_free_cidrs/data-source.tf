resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

data "ipam_free_cidrs" "prod" {
  ipam_pool_id       = ipam_pool.prod.id
  max_netmask_length = 20
}

output "largest" {
  value = data.ipam_free_cidrs.prod.largest
}
