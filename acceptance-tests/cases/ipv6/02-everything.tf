# All of IPv6: the count of addresses needs more than 128 bits.
#= create ipam_scope.all, ipam_pool.all, ipam_allocation.half
#= ipam_allocation.half.cidr = "::/1"
#= ipam_allocation.half.address_count = 170141183460469231731687303715884105728
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

resource "ipam_scope" "all" {
  name = "all"
}

resource "ipam_pool" "all" {
  name          = "all"
  ipam_scope_id = ipam_scope.all.id
  cidrs         = ["::/0"]
  locale        = "us-east-1"
}

resource "ipam_allocation" "half" {
  ipam_pool_id   = ipam_pool.all.id
  name           = "half"
  netmask_length = 1
}
