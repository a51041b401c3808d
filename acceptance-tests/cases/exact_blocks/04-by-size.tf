# The configuration asks for the same block by its size: nothing changes.
#= kept ipam_allocation.exact.id
#= kept ipam_allocation.exact.cidr
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "exact" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "exact"
  netmask_length = 26
}
