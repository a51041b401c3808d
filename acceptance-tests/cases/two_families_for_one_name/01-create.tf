# One name gets a block of each family, and the plan shows both.
#= create ipam_pool.v4, ipam_pool.v6, ipam_dual_stack_allocation.web
#= ipam_dual_stack_allocation.web.ipv4_cidr = "10.0.0.0/24"
#= ipam_dual_stack_allocation.web.ipv6_cidr = "fd80:db8::/64"
#= ipam_dual_stack_allocation.web.owner = "tests/one"
resource "ipam_pool" "v4" {
  name   = "v4"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_pool" "v6" {
  name   = "v6"
  cidrs  = ["fd80:db8::/48"]
  locale = "us-east-1"
}

resource "ipam_dual_stack_allocation" "web" {
  name = "web"
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 24 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 64 }
}
