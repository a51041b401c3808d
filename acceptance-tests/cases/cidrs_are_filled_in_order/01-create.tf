# The pool fills 10.1.0.0/24 first, then 10.2.0.0/24, and 10.0.0.0/24, which has the usual priority 100, at the end.
resource "ipam_pool" "top" {
  name   = "top"
  locale = "eu-central-1"
  cidrs  = ["10.0.0.0/24", "10.1.0.0/24"]

  cidr_priorities = {
    "10.1.0.0/24" = 10
    "10.2.0.0/24" = 20
  }
}

# The order holds for a CIDR that is provisioned on its own, too.
resource "ipam_pool_cidr" "later" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.2.0.0/24"
}

resource "ipam_allocation" "first" {
  ipam_pool_id   = ipam_pool_cidr.later.ipam_pool_id
  name           = "first"
  netmask_length = 24
}

resource "ipam_allocation" "second" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "second"
  netmask_length = 25
  depends_on     = [ipam_allocation.first]
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 25
  depends_on          = [ipam_allocation.second]
}

# A particular CIDR can be anywhere.
resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.top.id
  name         = "exact"
  cidr         = "10.0.0.0/26"
}

resource "ipam_allocation" "last" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "last"
  netmask_length = 26
  depends_on     = [ipam_allocation.exact, ipam_pool.below]
}

#= create ipam_pool.top, ipam_pool_cidr.later, ipam_allocation.first, ipam_allocation.second, ipam_pool.below
#= create ipam_allocation.exact, ipam_allocation.last
#= ipam_allocation.first.cidr = "10.1.0.0/24"
#= ipam_allocation.second.cidr = "10.2.0.0/25"
#= ipam_pool.below.cidr = "10.2.0.128/25"
#= ipam_allocation.last.cidr = "10.0.0.64/26"
