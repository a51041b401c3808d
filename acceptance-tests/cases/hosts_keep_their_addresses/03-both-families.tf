# The members get IPv6 addresses as well, and keep the others. A second set in the same allocation gets other addresses.
#= update ipam_address_set.web
#= create ipam_address_set.more
#= kept ipam_address_set.web.id
#= kept ipam_address_set.web.ipv4
#= output web_ipv6_addresses = {"app0": "fd80:db8::1", "app2": "fd80:db8::2", "db": "fd80:db8::3", "gateway": "fd80:db8::fe"}
#= output more_ipv4_addresses = {"app0": "10.0.0.4"}
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

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.v4.id
  name           = "web"
  netmask_length = 26
}

resource "ipam_allocation" "web6" {
  ipam_pool_id   = ipam_pool.v6.id
  name           = "web"
  netmask_length = 64
}

resource "ipam_address_set" "web" {
  ipv4_allocation_id = ipam_allocation.web.id
  ipv6_allocation_id = ipam_allocation.web6.id
  name               = "web"

  members = {
    gateway = { ipv4_address = "10.0.0.1", ipv6_address = "FD80:DB8::FE" }
    app0    = {}
    app2    = {}
    db      = {}
  }
}

resource "ipam_address_set" "more" {
  ipv4_allocation_id = ipam_allocation.web.id
  name               = "more"
  members            = { app0 = {} }
}

output "web_ipv6_addresses" {
  value = ipam_address_set.web.ipv6.addresses
}

output "more_ipv4_addresses" {
  value = ipam_address_set.more.ipv4.addresses
}
