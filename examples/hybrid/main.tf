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

# The data centre already uses these blocks. They are reserved first, so that no other block is ever placed in them.
variable "on_premises" {
  type = map(string)
  default = {
    offices    = "10.0.0.0/16"
    warehouse  = "10.1.16.0/20"
    management = "10.255.255.0/24"
  }
}

resource "ipam_pool" "company" {
  name  = "company"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_allocation" "on_premises" {
  for_each = var.on_premises

  ipam_pool_id = ipam_pool.company.id
  name         = each.key
  cidr         = each.value
  description  = "On-premises, not managed here"
}

resource "ipam_pool" "cloud" {
  name                = "cloud"
  source_ipam_pool_id = ipam_pool.company.id
  netmask_length      = 12

  # The pool is placed after the reservations, also in the plan.
  depends_on = [ipam_allocation.on_premises]
}

resource "ipam_allocation" "vpc" {
  for_each = toset(["shared", "apps"])

  ipam_pool_id   = ipam_pool.cloud.id
  name           = each.key
  netmask_length = 16
}

output "vpcs" {
  value = { for name, vpc in ipam_allocation.vpc : name => vpc.cidr }
}
