resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

# What the next two allocations would get. Nothing is reserved.
data "ipam_preview_next_cidr" "prod" {
  ipam_pool_id   = ipam_pool.prod.id
  netmask_length = 24
  cidr_count     = 2
}

output "next" {
  value = data.ipam_preview_next_cidr.prod.cidrs
}
