resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

data "ipam_discovered_public_addresses" "all" {
  ipam_resource_discovery_id = ipam_ipam.main.default_resource_discovery_id
}

output "by_type" {
  value = data.ipam_discovered_public_addresses.all.count_by_type
}

# They cost money and are on nothing.
output "to_release" {
  value = data.ipam_discovered_public_addresses.all.idle_addresses
}
