# Other numbers that lead to the same netmask lengths: only the state changes.
resource "ipam_pool" "top" {
  name   = "top"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id  = ipam_pool.top.id
  name          = "web"
  minimum_hosts = 200
}

resource "ipam_allocation" "db" {
  ipam_pool_id  = ipam_pool.top.id
  name          = "db"
  minimum_hosts = 500
  depends_on    = [ipam_allocation.web]
}

resource "ipam_pool" "team" {
  name                = "team"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 22
  depends_on          = [ipam_allocation.db]
}

#= update ipam_allocation.web, ipam_allocation.db, ipam_pool.team
#= kept ipam_allocation.web.cidr
#= kept ipam_allocation.db.cidr
#= kept ipam_pool.team.cidr
