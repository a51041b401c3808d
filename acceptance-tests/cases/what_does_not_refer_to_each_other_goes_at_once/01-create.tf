#= create ipam_pool.top, ipam_pool_cidr.first
resource "ipam_pool" "top" {
  name           = "top"
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool_cidr" "first" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/16"
}
