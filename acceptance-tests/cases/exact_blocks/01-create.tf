#= create ipam_pool.top, ipam_allocation.exact, ipam_allocation.any
#= ipam_allocation.exact.cidr = "10.0.0.128/25"
#= ipam_allocation.exact.first_address = "10.0.0.128"
#= ipam_allocation.exact.last_address = "10.0.0.255"
#= ipam_allocation.exact.resource_type = "custom"
#= ipam_allocation.exact.owner = "tests/one"
#= ipam_allocation.any.cidr = "10.0.0.0/25"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.top.id
  name         = "exact"
  cidr         = "10.0.0.128/25"
}

resource "ipam_allocation" "any" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "any"
  netmask_length = 25
  depends_on     = [ipam_allocation.exact]
}
