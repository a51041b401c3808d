#= create ipam_allocation.second
#= ipam_allocation.second.name = "web"
resource "ipam_pool" "top" {
  name   = "office"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "frontend"
  netmask_length = 26
}

resource "ipam_allocation" "second" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}
