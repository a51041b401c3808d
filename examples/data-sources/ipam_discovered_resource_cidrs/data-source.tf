resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# In AWS IPAM: default_resource_discovery_id of an `ipam_ipam`, without max_age.
data "ipam_discovered_resource_cidrs" "subnets" {
  ipam_resource_discovery_id = ipam_resource_discovery.network.id
  resource_type              = "subnet"
  max_age                    = "1h"
}

output "nearly_full" {
  value = {
    for one in data.ipam_discovered_resource_cidrs.subnets.resource_cidrs :
    one.resource_id => one.ip_usage_percent if coalesce(one.ip_usage, 0) > 0.8
  }
}
