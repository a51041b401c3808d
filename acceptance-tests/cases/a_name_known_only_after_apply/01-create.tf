#= create terraform_data.suffix, ipam_pool.top, ipam_allocation.web
#= unknown ipam_allocation.web.name
#= unknown ipam_allocation.web.id
#= unknown ipam_allocation.web.cidr
#= unknown ipam_allocation.web.ipam_pool_allocation_id
#= unknown ipam_allocation.web.network
#= unknown ipam_allocation.web.first_address
#= unknown ipam_allocation.web.last_address
#= unknown ipam_allocation.web.netmask
#= unknown ipam_allocation.web.address_count
#= unknown ipam_allocation.web.reverse_zones
#= unknown ipam_allocation.web.address_family
#= unknown ipam_allocation.web.owner
#= ipam_allocation.web.cidr = "10.0.0.0/26"
resource "terraform_data" "suffix" {}

resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web-${terraform_data.suffix.id}"
  netmask_length = 26
}
