#= create ipam_pool.top, ipam_allocation.a, ipam_allocation.b
#= ipam_allocation.a.cidr = "10.0.0.0/28"
#= ipam_allocation.b.cidr = "10.0.0.128/28"
resource "ipam_pool" "top" {
  name                = "top"
  cidrs               = ["10.0.0.0/24"]
  locale              = "us-east-1"
  allocation_strategy = "sparse"
}

resource "ipam_allocation" "a" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "a"
  netmask_length = 28
}

resource "ipam_allocation" "b" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "b"
  netmask_length = 28
  depends_on     = [ipam_allocation.a]
}
