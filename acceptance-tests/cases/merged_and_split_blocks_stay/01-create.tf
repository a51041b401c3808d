#= create ipam_pool.top, ipam_pool.below, ipam_allocation.web
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/17", "10.0.128.0/17"]
  locale = "us-east-1"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  cidrs               = ["10.0.0.0/20", "10.0.16.0/20"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.below.id
  name         = "web"
  cidr         = "10.0.0.0/24"
}
