# The space that became free in 10.1.0.0/24 is for requests of a particular CIDR only.
resource "ipam_pool" "top" {
  name           = "top"
  locale         = "eu-central-1"
  cidrs          = ["10.0.0.0/24", "10.1.0.0/24"]
  draining_cidrs = ["10.1.0.0/24", "10.2.0.0/24"]
}

resource "ipam_pool_cidr" "later" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.2.0.0/24"
}

resource "ipam_allocation" "first" {
  ipam_pool_id   = ipam_pool_cidr.later.ipam_pool_id
  name           = "first"
  netmask_length = 25
}

resource "ipam_allocation" "second" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "second"
  netmask_length = 25
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 25
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.top.id
  name         = "exact"
  cidr         = "10.0.0.0/26"
}

resource "ipam_allocation" "last" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "last"
  netmask_length = 26
}

resource "ipam_allocation" "new" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "new"
  netmask_length = 26
  depends_on     = [ipam_allocation.first]
}

resource "ipam_allocation" "by_size" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "by_size"
  netmask_length = 26
}

resource "ipam_allocation" "asked_for" {
  ipam_pool_id = ipam_pool.top.id
  name         = "asked_for"
  cidr         = "10.1.0.192/26"
}

#= create ipam_allocation.by_size, ipam_allocation.asked_for
#= ipam_allocation.by_size.cidr = "10.0.0.192/26"
#= ipam_allocation.asked_for.cidr = "10.1.0.192/26"
#= kept ipam_allocation.new.cidr
