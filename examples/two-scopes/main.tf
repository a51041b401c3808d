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

# Two networks that are never connected may use the same addresses. Each network has its own scope.
resource "ipam_scope" "plant" {
  for_each = toset(["plant-a", "plant-b"])

  name        = each.key
  description = "Machines of ${each.key}, behind NAT"
}

resource "ipam_pool" "machines" {
  for_each = ipam_scope.plant

  name                              = "machines"
  ipam_scope_id                     = each.value.id
  cidrs                             = ["192.168.0.0/16"]
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "line" {
  for_each = ipam_pool.machines

  ipam_pool_id = each.value.id
  name         = "line-1"
}

output "lines" {
  value = { for plant, line in ipam_allocation.line : plant => line.cidr }
}
