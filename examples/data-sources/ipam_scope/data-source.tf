resource "ipam_scope" "lab" {
  name = "lab"
}

# Usually the scope is another configuration's; here it waits for the one above.
data "ipam_scope" "lab" {
  name       = "lab"
  depends_on = [ipam_scope.lab]
}

output "scope" {
  value = data.ipam_scope.lab.id
}
