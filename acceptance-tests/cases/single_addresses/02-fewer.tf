#= delete ipam_allocation.host[3]
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/30"]
  locale = "us-east-1"
}

resource "ipam_allocation" "host" {
  count          = 3
  ipam_pool_id   = ipam_pool.top.id
  name           = "host-${count.index}"
  netmask_length = 32
}
