#= replace ipam_allocation.web
#= new ipam_allocation.web.id
#= ipam_allocation.web.cidr = "10.0.0.128/25"
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

resource "ipam_allocation" "api" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "api"
  netmask_length = 26
  depends_on     = [ipam_allocation.web]
}
