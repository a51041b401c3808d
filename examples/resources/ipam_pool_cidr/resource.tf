resource "ipam_pool" "top" {
  name           = "top"
  address_family = "ipv4"
}

# Space that is added to the pool from outside its declaration.
resource "ipam_pool_cidr" "first" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/12"
}

resource "ipam_pool" "region" {
  name                = "eu-west-1"
  source_ipam_pool_id = ipam_pool.top.id
}

# Any /16 of the source pool. The name is how the plan finds its hold again.
resource "ipam_pool_cidr" "region" {
  ipam_pool_id   = ipam_pool.region.id
  netmask_length = 16
  name           = "main"

  depends_on = [ipam_pool_cidr.first]
}
