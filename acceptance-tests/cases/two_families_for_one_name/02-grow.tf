# Both grow where they are, and have hosts.
#= update ipam_dual_stack_allocation.web
#= create ipam_address_set.web
#= kept ipam_dual_stack_allocation.web.id
#= kept ipam_dual_stack_allocation.web.ipv4_allocation_id
#= kept ipam_dual_stack_allocation.web.ipv6_allocation_id
#= ipam_dual_stack_allocation.web.ipv4_cidr = "10.0.0.0/23"
#= ipam_dual_stack_allocation.web.ipv6_cidr = "fd80:db8::/63"
#= output web_ipv4_addresses = {"app": "10.0.0.1", "db": "10.0.1.7"}
#= output web_ipv6_addresses = {"app": "fd80:db8::1", "db": "fd80:db8::2"}
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
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 23 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 63 }
}

resource "ipam_address_set" "web" {
  ipv4_allocation_id = ipam_dual_stack_allocation.web.ipv4_allocation_id
  ipv6_allocation_id = ipam_dual_stack_allocation.web.ipv6_allocation_id
  name               = "hosts"

  members = {
    app = {}
    db  = { ipv4_address = "10.0.1.7" }
  }
}

output "web_ipv4_addresses" {
  value = ipam_address_set.web.ipv4.addresses
}

output "web_ipv6_addresses" {
  value = ipam_address_set.web.ipv6.addresses
}
