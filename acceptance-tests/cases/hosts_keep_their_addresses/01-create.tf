# Names get the lowest addresses after the network address, and the gateway the one that it asks for.
#= create ipam_pool.v4, ipam_pool.v6, ipam_allocation.web, ipam_allocation.web6, ipam_address_set.web
#= output web_ipv4_addresses = {"app1": "10.0.0.2", "app2": "10.0.0.3", "gateway": "10.0.0.1"}
#= output web_ipv4_ptr_names = {"app1": "2.0.0.10.in-addr.arpa", "app2": "3.0.0.10.in-addr.arpa", "gateway": "1.0.0.10.in-addr.arpa"}
#= output web_ipv4_gateway = "10.0.0.1"
#= output web_ipv4_netmask = "255.255.255.192"
#= output web_ipv4_first_usable = "10.0.0.1"
#= output web_ipv4_last_usable = "10.0.0.62"
#= ipam_address_set.web.host_names = {"app1": "app1.example.org", "app2": "app2.example.org", "gateway": "gateway.example.org"}
#= ipam_address_set.web.owner = "tests/one"
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
  name               = "web"
  domain             = "example.org"

  members = {
    gateway = { ipv4_address = "10.0.0.1" }
    app1    = {}
    app2    = {}
  }
}

output "app2" {
  value = ipam_address_set.web.ipv4.addresses["app2"]
}

output "web_ipv4_addresses" {
  value = ipam_address_set.web.ipv4.addresses
}

output "web_ipv4_ptr_names" {
  value = ipam_address_set.web.ipv4.ptr_names
}

output "web_ipv4_gateway" {
  value = ipam_address_set.web.ipv4.gateway
}

output "web_ipv4_netmask" {
  value = ipam_address_set.web.ipv4.netmask
}

output "web_ipv4_first_usable" {
  value = ipam_address_set.web.ipv4.first_usable
}

output "web_ipv4_last_usable" {
  value = ipam_address_set.web.ipv4.last_usable
}
