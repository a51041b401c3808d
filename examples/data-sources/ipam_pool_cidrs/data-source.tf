resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

data "ipam_pool_cidrs" "prod" {
  ipam_pool_id = ipam_pool.prod.id
}

output "cidrs" {
  value = [for provisioned in data.ipam_pool_cidrs.prod.ipam_pool_cidrs : provisioned.cidr]
}
