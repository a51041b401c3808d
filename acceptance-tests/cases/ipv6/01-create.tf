#= create ipam_pool.top, ipam_pool.site, ipam_allocation.lan, ipam_allocation.host
#= ipam_pool.top.address_family = "ipv6"
#= ipam_pool.site.cidr = "2001:db8::/48"
#= ipam_allocation.lan.cidr = "2001:db8::/64"
#= ipam_allocation.lan.address_count = 18446744073709551616
#= ipam_allocation.lan.first_address = "2001:db8::"
#= ipam_allocation.lan.last_address = "2001:db8::ffff:ffff:ffff:ffff"
#= ipam_allocation.lan.address_family = "ipv6"
#= ipam_allocation.host.cidr = "2001:db8:0:1::/128"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["2001:db8::/32"]
  locale = "us-east-1"
}

resource "ipam_pool" "site" {
  name                              = "site"
  source_ipam_pool_id               = ipam_pool.top.id
  netmask_length                    = 48
  allocation_default_netmask_length = 64
}

resource "ipam_allocation" "lan" {
  ipam_pool_id = ipam_pool.site.id
  name         = "lan"
}

resource "ipam_allocation" "host" {
  ipam_pool_id   = ipam_pool.site.id
  name           = "host"
  netmask_length = 128
  depends_on     = [ipam_allocation.lan]
}
