resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# In AWS IPAM: default_resource_discovery_id of an `ipam_ipam`, without max_age.
data "ipam_discovered_public_addresses" "all" {
  ipam_resource_discovery_id = ipam_resource_discovery.network.id
  max_age                    = "1h"
}

output "by_type" {
  value = data.ipam_discovered_public_addresses.all.count_by_type
}

# They cost money and are on nothing.
output "to_release" {
  value = data.ipam_discovered_public_addresses.all.idle_addresses
}
