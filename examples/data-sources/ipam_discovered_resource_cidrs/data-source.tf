resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

data "ipam_discovered_resource_cidrs" "subnets" {
  ipam_resource_discovery_id = ipam_ipam.main.default_resource_discovery_id
  resource_type              = "subnet"
}

output "nearly_full" {
  value = {
    for one in data.ipam_discovered_resource_cidrs.subnets.resource_cidrs :
    one.resource_id => one.ip_usage_percent if coalesce(one.ip_usage, 0) > 0.8
  }
}
