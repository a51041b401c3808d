# The new block is half of the allocation's block: the allocation shrinks in place.
#= delete ipam_allocation.any
#= update ipam_allocation.exact
#= kept ipam_allocation.exact.id
#= ipam_allocation.exact.cidr = "10.0.0.192/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.top.id
  name         = "exact"
  cidr         = "10.0.0.192/26"
}
