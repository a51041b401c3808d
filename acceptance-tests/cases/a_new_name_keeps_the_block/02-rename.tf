#= update ipam_pool.top, ipam_allocation.web
#= kept ipam_pool.top.id
#= kept ipam_allocation.web.id
#= kept ipam_allocation.web.cidr
#= ipam_allocation.web.name = "frontend"
#= ipam_pool.top.name = "office"
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
