#= create ipam_pool.top, ipam_allocation.web, ipam_allocation.api
#= ipam_allocation.web.cidr = "10.0.0.0/26"
#= ipam_allocation.api.cidr = "10.0.0.64/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}

resource "ipam_allocation" "api" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "api"
  netmask_length = 26
  depends_on     = [ipam_allocation.web]
}
