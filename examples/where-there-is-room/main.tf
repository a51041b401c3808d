# An allocation can come from the first of several pools that has room. The plan shows which one.

terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
}

resource "ipam_pool" "old" {
  name  = "old"
  cidrs = ["10.0.0.0/24"]
  tags  = { env = "prod" }
}

resource "ipam_pool" "new" {
  name  = "new"
  cidrs = ["10.8.0.0/16"]
  tags  = { env = "prod" }
}

# A list: the old pool as long as it has room, and then the new one. The allocation stays where it is when that changes.
resource "ipam_allocation" "vpc" {
  for_each = toset(["a", "b", "c"])

  ipam_pool_ids  = [ipam_pool.old.id, ipam_pool.new.id]
  name           = "vpc-${each.key}"
  netmask_length = 25
}

# The pools with these tags, in the order of their names. Pools of the same configuration count because of `depends_on`.
resource "ipam_allocation" "shared" {
  pool_selector  = { tags = { env = "prod" }, address_family = "ipv4" }
  name           = "shared"
  netmask_length = 20
  depends_on     = [ipam_pool.old, ipam_pool.new]
}

# This block if it is free, and otherwise another one of the same size.
resource "ipam_allocation" "dns" {
  ipam_pool_id   = ipam_pool.new.id
  name           = "dns"
  preferred_cidr = "10.8.53.0/24"
}

# The one pool with these properties.
data "ipam_pool" "prod" {
  tags       = { env = "prod" }
  name       = "new"
  depends_on = [ipam_pool.new]
}

output "pools" {
  value = { for name, vpc in ipam_allocation.vpc : name => vpc.ipam_pool_id }
}

output "free_in" {
  value = data.ipam_pool.prod.path
}
