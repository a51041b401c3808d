# The new pool's id is known while planning, so its allocation is planned in the new space too.
#= replace ipam_pool.child, ipam_allocation.web
#= new ipam_pool.child.id
#= ipam_pool.child.cidr = "10.2.0.0/20"
#= ipam_allocation.web.cidr = "10.2.0.0/24"
resource "ipam_pool" "one" {
  name   = "one"
  cidrs  = ["10.1.0.0/16"]
  locale = "us-east-1"
}

resource "ipam_pool" "two" {
  name   = "two"
  cidrs  = ["10.2.0.0/16"]
  locale = "us-east-1"
}

resource "ipam_pool" "child" {
  name                              = "child"
  source_ipam_pool_id               = ipam_pool.two.id
  netmask_length                    = 20
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.child.id
  name         = "web"
}
