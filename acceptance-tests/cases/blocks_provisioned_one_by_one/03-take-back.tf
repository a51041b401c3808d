#= delete ipam_pool_cidr.second
resource "ipam_pool" "top" {
  name           = "top"
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool_cidr" "first" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/16"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
}

resource "ipam_pool_cidr" "below" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "main"
  netmask_length = 20
  depends_on     = [ipam_pool_cidr.first]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool_cidr.below.ipam_pool_id
  name           = "web"
  netmask_length = 24
}
