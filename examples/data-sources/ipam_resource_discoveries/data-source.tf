data "ipam_resource_discoveries" "all" {}

output "shared_with_us" {
  value = [for one in data.ipam_resource_discoveries.all.resource_discoveries : one.owner_id if !one.is_default]
}
