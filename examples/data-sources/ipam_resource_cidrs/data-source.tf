resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

data "ipam_scope" "private" {
  is_default = true
  scope_type = "private"
}

# AWS IPAM scans by itself, and every IPAM has a discovery: leave out the resource there, and the last two arguments here.
data "ipam_resource_cidrs" "overlapping" {
  ipam_scope_id  = data.ipam_scope.private.id
  overlap_status = "overlapping"
  max_age        = "1h"
  depends_on     = [ipam_resource_discovery.network]
}

output "to_renumber" {
  value = { for one in data.ipam_resource_cidrs.overlapping.resource_cidrs : one.resource_id => one.resource_cidr }
}
