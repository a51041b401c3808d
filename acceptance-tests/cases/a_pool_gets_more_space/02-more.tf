#= update ipam_pool.top
#= create ipam_allocation.more
#= kept ipam_pool.top.id
#= ipam_pool.top.cidrs = ["10.0.0.0/24","10.2.0.0/24"]
#= ipam_allocation.more.cidr = "10.2.0.0/25"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24", "10.2.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "all" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "all"
  netmask_length = 24
}

resource "ipam_allocation" "more" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "more"
  netmask_length = 25
}
