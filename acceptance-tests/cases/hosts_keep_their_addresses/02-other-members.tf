# A member goes and others come, and the rest keep their addresses.
#= update ipam_address_set.web
#= kept ipam_address_set.web.id
#= output web_ipv4_addresses = {"app0": "10.0.0.2", "app2": "10.0.0.3", "db": "10.0.0.9", "gateway": "10.0.0.1"}
#= output app2 = "10.0.0.3"
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

  members = {
    gateway = { ipv4_address = "10.0.0.1" }
    app0    = {}
    app2    = {}
    db      = { ipv4_address = "10.0.0.9" }
  }
}

output "app2" {
  value = ipam_address_set.web.ipv4.addresses["app2"]
}

output "web_ipv4_addresses" {
  value = ipam_address_set.web.ipv4.addresses
}
