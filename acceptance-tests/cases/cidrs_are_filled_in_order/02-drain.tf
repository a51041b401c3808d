# 10.1.0.0/24 and 10.2.0.0/24 are draining: what is there stays, and nothing new by size goes there, although there is room
# after this apply.
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

# It gets smaller where it is.
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

#= update ipam_pool.top, ipam_allocation.first
#= create ipam_allocation.new
#= ipam_allocation.first.cidr = "10.1.0.0/25"
#= ipam_allocation.new.cidr = "10.0.0.128/26"
#= kept ipam_allocation.second.cidr
#= kept ipam_pool.below.cidr
#= kept ipam_allocation.last.cidr
