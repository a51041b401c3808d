# This configuration compares the resources that exist with the address plan. Broken rules make the plan fail. Overlaps
# and full pools are warnings.

terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

# The provider block sets the directory whose files a plan may read. The store cannot set it.
provider "ipam" {
  discovery_files_below = [path.module]
}

# This discovery reads a file. With `operating_regions` and `role` blocks it scans accounts of AWS.
resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

resource "ipam_pool" "live" {
  name   = "live"
  cidrs  = ["10.0.0.0/12"]
  locale = "eu-central-1"

  # Existing VPCs become allocations. They are deleted with the pool when the pool is destroyed.
  auto_import = true
  cascade     = true

  allocation_min_netmask_length = 12
  allocation_max_netmask_length = 24
  allocation_resource_tags      = { env = "prod" }
}

# A postcondition makes the plan fail.
data "ipam_resource_cidrs" "noncompliant" {
  compliance_status = "noncompliant"
  max_age           = "1h"
  depends_on        = [ipam_resource_discovery.network, ipam_pool.live]

  lifecycle {
    postcondition {
      condition     = length(self.resource_cidrs) == 0
      error_message = join("\n", [for one in self.resource_cidrs : "${one.resource_id}: ${join(" ", one.noncompliance_reasons)}"])
    }
  }
}

# Check blocks make the plan warn.
data "ipam_resource_cidrs" "overlapping" {
  overlap_status = "overlapping"
  depends_on     = [ipam_resource_discovery.network, data.ipam_resource_cidrs.noncompliant]
}

check "nothing_overlaps" {
  assert {
    condition     = length(data.ipam_resource_cidrs.overlapping.resource_cidrs) == 0
    error_message = join("\n", [for one in data.ipam_resource_cidrs.overlapping.resource_cidrs : "${one.resource_id} overlaps ${join(" and ", one.overlaps_with)}"])
  }
}

data "ipam_utilization" "live" {
  ipam_pool_id = ipam_pool.live.id
  depends_on   = [data.ipam_resource_cidrs.noncompliant]
}

check "room_is_left" {
  assert {
    condition     = data.ipam_utilization.live.used_percent < 80
    error_message = "Less than a fifth of the pool ${ipam_pool.live.name} is left."
  }
}

output "unmanaged" {
  value = [for one in data.ipam_resource_cidrs.all.resource_cidrs : one.resource_id if one.management_state == "unmanaged"]
}

data "ipam_resource_cidrs" "all" {
  depends_on = [ipam_resource_discovery.network, data.ipam_resource_cidrs.noncompliant]
}
