#= create ipam_scope.lab, ipam_pool.top, ipam_allocation.web
resource "ipam_scope" "lab" {
  name = "lab"
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
