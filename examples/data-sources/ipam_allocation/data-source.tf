resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "web"
}

# Whose is this address?
data "ipam_allocation" "of_address" {
  ipam_pool_id = ipam_pool.prod.id
  address      = "10.0.0.7"
  depends_on   = [ipam_allocation.web]
}

output "name" {
  value = data.ipam_allocation.of_address.name
}
