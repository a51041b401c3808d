resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# `discover` looks, or as here this plan.
data "ipam_resource_cidrs" "seen" {
  max_age    = "1h"
  depends_on = [ipam_resource_discovery.network]
}

data "ipam_scope" "private" {
  is_default = true
  scope_type = "private"
}

# In AWS IPAM: private_default_scope_id of an `ipam_ipam`, without a discovery.
data "ipam_address_history" "suspect" {
  ipam_scope_id = data.ipam_scope.private.id
  cidr          = "10.0.1.0/24"
  start_time    = "2026-01-15T14:00:00Z"
  end_time      = "2026-01-15T15:00:00Z"
  depends_on    = [ipam_resource_discovery.network, data.ipam_resource_cidrs.seen]
}

output "who_had_it" {
  value = [
    for one in data.ipam_address_history.suspect.history_records :
    "${one.resource_type} ${one.resource_id} of ${one.resource_owner_id}"
  ]
}
