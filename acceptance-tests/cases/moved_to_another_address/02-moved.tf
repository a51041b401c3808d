# The object does not change: only its address in the state does.
#= ipam_allocation.frontend.cidr = "10.0.0.0/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "frontend" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}

moved {
  from = ipam_allocation.web
  to   = ipam_allocation.frontend
}
