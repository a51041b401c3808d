data "ipam_external_resource_verification_tokens" "all" {}

output "expired" {
  value = [for token in data.ipam_external_resource_verification_tokens.all.tokens : token.id if token.status == "expired"]
}
