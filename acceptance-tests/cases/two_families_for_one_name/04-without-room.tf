# The IPv4 block has no room to grow, and moves. The IPv6 block stays.
#= update ipam_dual_stack_allocation.web
#= kept ipam_dual_stack_allocation.web.id
#= kept ipam_dual_stack_allocation.web.ipv6_allocation_id
#= kept ipam_dual_stack_allocation.web.ipv6_cidr
#= new ipam_dual_stack_allocation.web.ipv4_allocation_id
#= ipam_dual_stack_allocation.web.ipv4_cidr = "10.0.4.0/22"
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
  name = "site"
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 22 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 63 }
}

resource "ipam_allocation" "near" {
  ipam_pool_id = ipam_pool.v4.id
  name         = "near"
  cidr         = "10.0.2.0/23"
}
