# Sizes as people count them. The plan shows the netmask lengths that follow.
resource "ipam_pool" "top" {
  name   = "top"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]
}

# 254 hosts, a network address and a broadcast address fill a /24.
resource "ipam_allocation" "web" {
  ipam_pool_id  = ipam_pool.top.id
  name          = "web"
  minimum_hosts = 254
}

resource "ipam_allocation" "db" {
  ipam_pool_id      = ipam_pool.top.id
  name              = "db"
  minimum_addresses = 500
  depends_on        = [ipam_allocation.web]
}

resource "ipam_pool" "team" {
  name                = "team"
  source_ipam_pool_id = ipam_pool.top.id
  minimum_addresses   = 1000
  depends_on          = [ipam_allocation.db]
}

data "ipam_preview_next_cidr" "next" {
  ipam_pool_id  = ipam_pool.top.id
  minimum_hosts = 2000
  depends_on    = [ipam_pool.team]
}

#= create ipam_pool.top, ipam_allocation.web, ipam_allocation.db, ipam_pool.team
#= ipam_allocation.web.cidr = "10.0.0.0/24"
#= ipam_allocation.web.netmask_length = 24
#= ipam_allocation.db.cidr = "10.0.2.0/23"
#= ipam_allocation.db.netmask_length = 23
#= ipam_pool.team.cidr = "10.0.4.0/22"
#= data.ipam_preview_next_cidr.next.cidr = "10.0.8.0/21"
