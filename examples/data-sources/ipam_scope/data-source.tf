# The scope that pools are in when they name none.
data "ipam_scope" "default" {
  is_default = true
  scope_type = "private"
}

output "scope" {
  value = data.ipam_scope.default.id
}
