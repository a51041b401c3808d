terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
  owner = "network/rules-and-tags"

  default_tags {
    tags = {
      managed-by  = "terraform"
      environment = "prod"
    }
  }
}

resource "ipam_pool" "prod" {
  name  = "prod"
  cidrs = ["10.64.0.0/16"]

  # Blocks are from /22 (the largest) to /28 (the smallest), and /24 unless the allocation asks for another size.
  allocation_min_netmask_length     = 22
  allocation_max_netmask_length     = 28
  allocation_default_netmask_length = 24

  # Every allocation must have this tag. Here it comes from default_tags.
  allocation_resource_tags = {
    environment = "prod"
  }
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool.prod.id
  name         = "web"

  tags = {
    team = "web"
  }
}

resource "ipam_allocation" "bastion" {
  ipam_pool_id   = ipam_pool.prod.id
  name           = "bastion"
  netmask_length = 28
}

output "tags" {
  value = ipam_allocation.web.tags_all
}
