resource "ipam_pool" "v4" {
  name  = "prod-v4"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "v6" {
  name  = "prod-v6"
  cidrs = ["fd00:db8::/48"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.v4.id
  name           = "web"
  netmask_length = 24
}

resource "ipam_allocation" "web_v6" {
  ipam_pool_id   = ipam_pool.v6.id
  name           = "web"
  netmask_length = 64
}

# All addresses or none. The plan shows each of them.
resource "ipam_address_set" "web" {
  ipv4_allocation_id = ipam_allocation.web.id
  ipv6_allocation_id = ipam_allocation.web_v6.id
  name               = "web"
  domain             = "example.org"

  members = {
    gateway = { ipv4_address = "10.0.0.1" } # Exactly this address.
    app1    = {}
    app2    = {}
  }
}

output "app1" {
  value = {
    name           = ipam_address_set.web.host_names["app1"]
    ipv4           = ipam_address_set.web.ipv4.addresses["app1"]
    ipv6           = ipam_address_set.web.ipv6.addresses["app1"]
    ptr            = ipam_address_set.web.ipv4.ptr_names["app1"]
    gateway        = ipam_address_set.web.ipv4.gateway
    netmask_length = ipam_address_set.web.ipv4.netmask_length
  }
}
