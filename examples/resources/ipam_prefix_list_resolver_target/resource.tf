variable "prefix_list_id" {
  description = "Id of an aws_ec2_managed_prefix_list"
  type        = string
  default     = "pl-0123456789abcdef0"
}

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

# Follows every new version. To stay with one, give desired_version instead of track_latest_version.
resource "ipam_prefix_list_resolver_target" "security_groups" {
  ipam_prefix_list_resolver_id = ipam_prefix_list_resolver.trusted.id
  prefix_list_id               = var.prefix_list_id
  prefix_list_region           = "us-east-1"
  track_latest_version         = true
}
