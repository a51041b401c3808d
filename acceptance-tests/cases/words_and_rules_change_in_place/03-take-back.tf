#= update ipam_scope.lab, ipam_pool.top, ipam_allocation.web
# Tags that the rules required can be removed only by a plan after the one that removes the rules.
#= kept ipam_pool.top.id
#= kept ipam_allocation.web.cidr
#= ipam_pool.top.description = null
#= ipam_allocation.web.description = null
resource "ipam_scope" "lab" {
  name = "laboratory"
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/24"]
  locale        = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
  tags           = { env = "prod" }
}
