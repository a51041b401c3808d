# Another name keeps both blocks.
#= update ipam_dual_stack_allocation.web
#= create ipam_allocation.near
#= delete ipam_address_set.web
#= kept ipam_dual_stack_allocation.web.id
#= kept ipam_dual_stack_allocation.web.ipv4_cidr
#= kept ipam_dual_stack_allocation.web.ipv6_cidr
#= ipam_allocation.near.cidr = "10.0.2.0/23"
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
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 23 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 63 }
}

resource "ipam_allocation" "near" {
  ipam_pool_id = ipam_pool.v4.id
  name         = "near"
  cidr         = "10.0.2.0/23"
}
