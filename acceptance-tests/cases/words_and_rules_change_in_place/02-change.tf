#= update ipam_scope.lab, ipam_pool.top, ipam_allocation.web
#= kept ipam_scope.lab.id
#= kept ipam_pool.top.id
#= kept ipam_pool.top.cidrs
#= kept ipam_allocation.web.id
#= kept ipam_allocation.web.cidr
#= ipam_allocation.web.description = "front"
#= ipam_pool.top.allocation_default_netmask_length = 28
resource "ipam_scope" "lab" {
  name        = "laboratory"
  description = "benches"
  tags        = { site = "lab" }
}

resource "ipam_pool" "top" {
  name                              = "top"
  ipam_scope_id                     = ipam_scope.lab.id
  cidrs                             = ["10.0.0.0/24"]
  locale                            = "us-east-1"
  description                       = "all of it"
  allocation_min_netmask_length     = 25
  allocation_max_netmask_length     = 29
  allocation_default_netmask_length = 28
  allocation_resource_tags          = { env = "prod" }
  tags                              = { site = "lab" }
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
  description    = "front"
  tags           = { env = "prod" }
}
