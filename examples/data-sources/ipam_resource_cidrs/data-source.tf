resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

data "ipam_resource_cidrs" "overlapping" {
  ipam_scope_id  = ipam_ipam.main.private_default_scope_id
  overlap_status = "overlapping"
}

output "to_renumber" {
  value = { for one in data.ipam_resource_cidrs.overlapping.resource_cidrs : one.resource_id => one.resource_cidr }
}
