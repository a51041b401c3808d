resource "ipam_pool" "v4" {
  name  = "prod-v4"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "v6" {
  name  = "prod-v6"
  cidrs = ["fd00:db8::/48"]
}

# Both blocks or none. The plan shows them.
resource "ipam_dual_stack_allocation" "web" {
  name = "web"
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 24 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 64 }
}

# Hosts with addresses of both families.
resource "ipam_address_set" "web" {
  ipv4_allocation_id = ipam_dual_stack_allocation.web.ipv4_allocation_id
  ipv6_allocation_id = ipam_dual_stack_allocation.web.ipv6_allocation_id
  name               = "web"
  members            = { gateway = {}, app1 = {} }
}

output "web" {
  value = {
    ipv4 = ipam_dual_stack_allocation.web.ipv4_cidr
    ipv6 = ipam_dual_stack_allocation.web.ipv6_cidr
    app1 = ipam_address_set.web.ipv6.addresses["app1"]
  }
}
