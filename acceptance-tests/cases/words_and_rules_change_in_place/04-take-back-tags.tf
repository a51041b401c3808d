#= update ipam_allocation.web
#= kept ipam_allocation.web.id
#= ipam_allocation.web.tags = null
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
}
