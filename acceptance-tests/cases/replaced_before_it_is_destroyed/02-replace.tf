#= replace-create-first ipam_allocation.web
#= new ipam_allocation.web.id
#= ipam_allocation.web.name = "web"
#= ipam_allocation.web.cidr = "10.0.0.64/26"
#= output web = "10.0.0.64/26"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id     = ipam_pool.top.id
  name             = "web"
  netmask_length   = 26
  disallowed_cidrs = ["10.0.0.0/26"]

  lifecycle {
    create_before_destroy = true
  }
}

output "web" {
  value = ipam_allocation.web.cidr
}
