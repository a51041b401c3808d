resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

data "ipam_scope" "private" {
  is_default = true
  scope_type = "private"
}

# In AWS IPAM nobody has to look, and a discovery comes with every IPAM: leave out the resource, and here the last two arguments.
data "ipam_resource_cidrs" "overlapping" {
  ipam_scope_id  = data.ipam_scope.private.id
  overlap_status = "overlapping"
  max_age        = "1h"
  depends_on     = [ipam_resource_discovery.network]
}

output "to_renumber" {
  value = { for one in data.ipam_resource_cidrs.overlapping.resource_cidrs : one.resource_id => one.resource_cidr }
}
