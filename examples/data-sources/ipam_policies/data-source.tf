data "ipam_policies" "all" {}

output "policies" {
  value = { for policy in data.ipam_policies.all.ipam_policies : policy.id => policy.name }
}
