# The pool reserves space that allocations have: they keep it, and a new allocation gets other space.
resource "ipam_pool" "top" {
  name           = "top"
  locale         = "eu-central-1"
  cidrs          = ["10.0.0.0/24", "10.0.1.0/24"]
  reserved_cidrs = ["10.0.0.0/24"]
}

resource "ipam_allocation" "host" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "host"
  netmask_length = 32
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
  depends_on     = [ipam_allocation.host]
}

resource "ipam_allocation" "new" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "new"
  netmask_length = 26
}

data "ipam_utilization" "top" {
  ipam_pool_id = ipam_pool.top.id
  depends_on   = [ipam_allocation.new]
}

#= update ipam_pool.top
#= create ipam_allocation.new
#= ipam_allocation.new.cidr = "10.0.1.0/26"
#= kept ipam_allocation.host.cidr
#= kept ipam_allocation.web.cidr
#= data.ipam_utilization.top.reserved = 191
