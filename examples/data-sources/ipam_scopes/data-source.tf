data "ipam_scopes" "private" {
  scope_type = "private"
}

output "scopes" {
  value = data.ipam_scopes.private.ids
}
