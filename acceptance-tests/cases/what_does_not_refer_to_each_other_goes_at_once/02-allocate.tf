#= create ipam_allocation.web[0], ipam_allocation.web[1], ipam_allocation.web[2], ipam_allocation.web[3], ipam_allocation.web[4], ipam_allocation.web[5], ipam_allocation.web[6], ipam_allocation.web[7], ipam_allocation.web[8], ipam_allocation.web[9], ipam_allocation.web[10], ipam_allocation.web[11]
resource "ipam_pool" "top" {
  name           = "top"
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool_cidr" "first" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/16"
}

# More allocations than Terraform destroys at a time, and none of them refers to the CIDR.
resource "ipam_allocation" "web" {
  count          = 12
  ipam_pool_id   = ipam_pool.top.id
  name           = "web-${count.index}"
  netmask_length = 24
}
