#= update ipam_pool.below
#= kept ipam_pool.top.id
#= kept ipam_pool.below.id
#= ipam_pool.below.cidrs = ["10.0.0.0/19","10.0.32.0/20"]
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/16"]
  locale = "us-east-1"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  cidrs               = ["10.0.0.0/19", "10.0.32.0/20"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.below.id
  name         = "web"
  cidr         = "10.0.0.0/24"
}
