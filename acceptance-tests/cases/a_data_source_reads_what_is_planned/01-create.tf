# Terraform delays the reading of an object with pending changes; the data source then reads the finished object.
#= create ipam_pool.top, ipam_allocation.web
#= data.ipam_pool.top.name = "top"
#= data.ipam_allocation.web.cidr = "10.0.0.0/26"
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

data "ipam_pool" "top" {
  id = ipam_pool.top.id
}

data "ipam_allocation" "web" {
  id = ipam_allocation.web.id
}
