#= create ipam_allocation.db
#= ipam_allocation.db.cidr = "10.0.0.0/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 25
}

resource "ipam_allocation" "api" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "api"
  netmask_length = 26
  depends_on     = [ipam_allocation.web]
}

resource "ipam_allocation" "db" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "db"
  netmask_length = 26
}
