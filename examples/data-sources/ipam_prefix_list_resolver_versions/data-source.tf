resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1"]
}

resource "ipam_prefix_list_resolver" "trusted" {
  name           = "trusted-networks"
  ipam_id        = ipam_ipam.main.id
  address_family = "ipv4"
  rule           = [{ rule_type = "static-cidr", static_cidr = "192.0.2.0/24" }]
}

data "ipam_prefix_list_resolver_versions" "trusted" {
  ipam_prefix_list_resolver_id = ipam_prefix_list_resolver.trusted.id
}

output "newest" {
  value = data.ipam_prefix_list_resolver_versions.trusted.entries
}
