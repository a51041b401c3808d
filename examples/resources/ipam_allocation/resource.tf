resource "ipam_pool" "prod" {
  name  = "prod"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "more" {
  name  = "more"
  cidrs = ["10.1.0.0/16"]
}

# Any free /24.
resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.prod.id
  name           = "web"
  netmask_length = 24
}

# Exactly this block.
resource "ipam_allocation" "legacy" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "legacy"
  cidr         = "10.0.200.0/22"
  description  = "On the old firewall"
}

# The network of a preview environment. Three days after the apply, the command `gc` releases it.
resource "ipam_allocation" "preview" {
  ipam_pool_id   = ipam_pool.prod.id
  name           = "preview-4711"
  netmask_length = 26
  ttl            = "72h"
}

# Room for 500 hosts, which is a /23 in IPv4.
resource "ipam_allocation" "clients" {
  ipam_pool_id  = ipam_pool.prod.id
  name          = "clients"
  minimum_hosts = 500
}

# From the first of these pools that has room.
resource "ipam_allocation" "db" {
  ipam_pool_ids  = [ipam_pool.prod.id, ipam_pool.more.id]
  name           = "db"
  netmask_length = 24
}

# This block if it is free.
resource "ipam_allocation" "dns" {
  ipam_pool_id   = ipam_pool.more.id
  name           = "dns"
  preferred_cidr = "10.1.53.0/24"
}

output "web" {
  value = ipam_allocation.web.cidr
}
