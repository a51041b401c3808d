#= create ipam_pool.top, ipam_allocation.web
#= ipam_pool.top.tags = null
#= ipam_pool.top.tags_all = {"team": "net"}
#= ipam_allocation.web.tags = {"env": "prod"}
#= ipam_allocation.web.tags_all = {"env": "prod", "team": "net"}
provider "ipam" {
  owner = "tests/one"

  default_tags {
    tags = { team = "net" }
  }
}

resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
  tags           = { env = "prod" }
}
