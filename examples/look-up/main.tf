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

resource "ipam_pool" "lab" {
  name                              = "lab"
  cidrs                             = ["172.16.0.0/16"]
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "bench" {
  for_each = toset(["bench-1", "bench-2"])

  ipam_pool_id = ipam_pool.lab.id
  name         = each.key
}

# Another configuration on the same store would look up the pool like this. Here the data source waits until the pool exists.
data "ipam_pool" "lab" {
  name       = "lab"
  depends_on = [ipam_pool.lab]
}

data "ipam_allocations" "lab" {
  ipam_pool_id = data.ipam_pool.lab.id
  name_pattern = "bench-*"
  depends_on   = [ipam_allocation.bench]
}

data "ipam_utilization" "lab" {
  ipam_pool_id = data.ipam_pool.lab.id
  depends_on   = [ipam_allocation.bench]
}

data "ipam_free_cidrs" "lab" {
  ipam_pool_id = data.ipam_pool.lab.id
  depends_on   = [ipam_allocation.bench]
}

output "benches" {
  value = data.ipam_allocations.lab.cidrs
}

output "used_percent" {
  value = data.ipam_utilization.lab.used_percent
}

output "largest_free" {
  value = data.ipam_free_cidrs.lab.largest
}
