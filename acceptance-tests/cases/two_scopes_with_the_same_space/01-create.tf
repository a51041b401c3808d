#= create ipam_scope.one, ipam_scope.two, ipam_pool.one, ipam_pool.two, ipam_allocation.one, ipam_allocation.two
#= ipam_allocation.one.cidr = "10.0.0.0/24"
#= ipam_allocation.two.cidr = "10.0.0.0/24"
#= ipam_pool.one.ipam_scope_type = "private"
#= ipam_pool.two.ipam_scope_type = "public"
resource "ipam_scope" "one" {
  name = "one"
}

resource "ipam_scope" "two" {
  name       = "two"
  scope_type = "public"
}

resource "ipam_pool" "one" {
  name          = "top"
  ipam_scope_id = ipam_scope.one.id
  cidrs         = ["10.0.0.0/16"]
  locale        = "us-east-1"
}

resource "ipam_pool" "two" {
  name          = "top"
  ipam_scope_id = ipam_scope.two.id
  cidrs         = ["10.0.0.0/16"]
  locale        = "us-east-1"
}

resource "ipam_allocation" "one" {
  ipam_pool_id   = ipam_pool.one.id
  name           = "net"
  netmask_length = 24
}

resource "ipam_allocation" "two" {
  ipam_pool_id   = ipam_pool.two.id
  name           = "net"
  netmask_length = 24
}
