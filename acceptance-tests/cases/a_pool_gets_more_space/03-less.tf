#= delete ipam_allocation.more
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
