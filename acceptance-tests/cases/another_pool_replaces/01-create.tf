#= create ipam_pool.top, ipam_pool.other, ipam_allocation.web
#= ipam_allocation.web.cidr = "10.0.0.0/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_pool" "other" {
  name   = "other"
  cidrs  = ["10.1.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}
