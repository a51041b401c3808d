# Another block: the allocation is replaced, and each set with it.
#= replace ipam_allocation.web, ipam_address_set.web
#= delete ipam_address_set.more
#= output web_ipv4_addresses = {"app0": "10.0.8.1", "app2": "10.0.8.2", "db": "10.0.8.3", "gateway": "10.0.8.4"}
#= new ipam_address_set.web.id
#= output web_ipv6_addresses = {"app0": "fd80:db8::1", "app2": "fd80:db8::2", "db": "fd80:db8::3", "gateway": "fd80:db8::fe"}
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
  ipam_pool_id = ipam_pool.v4.id
  name         = "web"
  cidr         = "10.0.8.0/24"
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
    gateway = {}
    app0    = {}
    app2    = {}
    db      = {}
  }
}

output "web_ipv4_addresses" {
  value = ipam_address_set.web.ipv4.addresses
}

output "web_ipv6_addresses" {
  value = ipam_address_set.web.ipv6.addresses
}
