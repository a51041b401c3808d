#= update ipam_pool.top, ipam_allocation.web
#= ipam_pool.top.tags_all = {"env": "test", "team": "core"}
#= ipam_allocation.web.tags_all = {"env": "prod", "team": "core"}
#= kept ipam_allocation.web.id
provider "ipam" {
  owner = "tests/one"

  default_tags {
    tags = { team = "core", env = "test" }
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
