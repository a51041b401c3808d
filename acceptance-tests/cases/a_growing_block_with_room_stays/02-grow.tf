#= update ipam_allocation.web
#= kept ipam_allocation.web.id
#= ipam_allocation.web.cidr = "10.0.0.0/25"
#= ipam_allocation.web.last_address = "10.0.0.127"
#= ipam_allocation.web.netmask = "255.255.255.128"
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
