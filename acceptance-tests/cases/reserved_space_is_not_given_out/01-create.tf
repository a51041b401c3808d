# The pool reserves the first four addresses and the last address of each of its CIDRs, and one range.
resource "ipam_pool" "top" {
  name           = "top"
  locale         = "eu-central-1"
  cidrs          = ["10.0.0.0/24", "10.0.1.0/24"]
  reserved_cidrs = ["10.0.0.128/25"]
  reserve_first  = 4
  reserve_last   = 1
}

# The lowest block without a reserved address.
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

data "ipam_utilization" "top" {
  ipam_pool_id = ipam_pool.top.id
  depends_on   = [ipam_allocation.web]
}

#= create ipam_pool.top, ipam_allocation.host, ipam_allocation.web
#= ipam_allocation.host.cidr = "10.0.0.4/32"
#= ipam_allocation.web.cidr = "10.0.0.64/26"
#= data.ipam_utilization.top.reserved = 137
