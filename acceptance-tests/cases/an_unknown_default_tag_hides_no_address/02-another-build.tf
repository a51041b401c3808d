#= replace terraform_data.build
#= update ipam_scope.lab, ipam_pool.top, ipam_pool.below, ipam_allocation.web
#= kept ipam_scope.lab.id
#= kept ipam_pool.below.id
#= kept ipam_pool.below.cidr
#= kept ipam_allocation.web.id
#= kept ipam_allocation.web.cidr
#= unknown ipam_scope.lab.tags_all
#= unknown ipam_pool.top.tags_all
#= unknown ipam_pool.below.tags_all
#= unknown ipam_allocation.web.tags_all
#= ipam_allocation.web.tags_all = {"build": "2", "env": "prod", "team": "net"}
provider "ipam" {
  owner = "tests/one"

  default_tags {
    tags = { team = "net", build = terraform_data.build.output }
  }
}

resource "terraform_data" "build" {
  input            = "2"
  triggers_replace = "2"
}

resource "ipam_scope" "lab" {
  name = "lab"
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/24"]
  locale        = "us-east-1"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 26
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "web"
  netmask_length = 28
  tags           = { env = "prod" }
}
