# The space that became free when the block shrank is allocated again.
#= create ipam_allocation.rest
#= ipam_allocation.rest.cidr = "10.0.0.32/27"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 27
}

resource "ipam_allocation" "rest" {
  ipam_pool_id = ipam_pool.top.id
  name         = "rest"
  cidr         = "10.0.0.32/27"
}
