# terraform query -generate-config-out=scopes.tf
list "ipam_scope" "lab" {
  provider = ipam

  config {
    name_pattern = "lab-*"
  }
}
