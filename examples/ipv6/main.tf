terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
}

# 2001:db8::/32 is the documentation prefix; use your own, or a ULA /48 such as fdxx:xxxx:xxxx::/48.
resource "ipam_pool" "top" {
  name  = "ipv6"
  cidrs = ["2001:db8::/32"]
}

resource "ipam_pool" "site" {
  for_each = toset(["ams", "fra"])

  name                = each.key
  source_ipam_pool_id = ipam_pool.top.id
  locale              = each.key
  netmask_length      = 48
}

resource "ipam_pool" "floor" {
  for_each = ipam_pool.site

  name                              = "floor-1"
  source_ipam_pool_id               = each.value.id
  netmask_length                    = 56
  allocation_default_netmask_length = 64
}

resource "ipam_allocation" "lan" {
  for_each = ipam_pool.floor

  ipam_pool_id = each.value.id
  name         = "lan"
}

# A single address: the loopback of each site's router.
resource "ipam_allocation" "loopback" {
  for_each = ipam_pool.floor

  ipam_pool_id   = each.value.id
  name           = "router-loopback"
  netmask_length = 128
}

output "lans" {
  value = { for site, lan in ipam_allocation.lan : site => lan.cidr }
}

output "loopbacks" {
  value = { for site, loopback in ipam_allocation.loopback : site => loopback.first_address }
}
