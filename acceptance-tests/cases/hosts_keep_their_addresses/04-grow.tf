# The allocation grows in place around its addresses, and the set gets another name.
#= update ipam_allocation.web, ipam_address_set.web, ipam_address_set.more
#= kept ipam_address_set.web.id
#= kept ipam_address_set.web.ipv6
#= output web_ipv4_addresses = {"app0": "10.0.0.2", "app2": "10.0.0.3", "db": "10.0.0.9", "gateway": "10.0.0.1"}
#= output web_ipv4_last_usable = "10.0.0.254"
#= output more_ipv4_addresses = {"app0": "10.0.0.4", "backup": "10.0.0.200"}
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
  netmask_length = 24
}

resource "ipam_allocation" "web6" {
  ipam_pool_id   = ipam_pool.v6.id
  name           = "web"
  netmask_length = 64
}

resource "ipam_address_set" "web" {
  ipv4_allocation_id = ipam_allocation.web.id
  ipv6_allocation_id = ipam_allocation.web6.id
  name               = "site"

  members = {
    gateway = { ipv4_address = "10.0.0.1", ipv6_address = "fd80:db8::fe" }
    app0    = {}
    app2    = {}
    db      = {}
  }
}

resource "ipam_address_set" "more" {
  ipv4_allocation_id = ipam_allocation.web.id
  name               = "more"

  members = {
    app0   = {}
    backup = { ipv4_address = "10.0.0.200" }
  }
}

output "web_ipv4_addresses" {
  value = ipam_address_set.web.ipv4.addresses
}

output "web_ipv4_last_usable" {
  value = ipam_address_set.web.ipv4.last_usable
}

output "more_ipv4_addresses" {
  value = ipam_address_set.more.ipv4.addresses
}
