data "ipam_prefix_list_resolvers" "all" {}

output "without_a_new_version" {
  value = [
    for resolver in data.ipam_prefix_list_resolvers.all.ipam_prefix_list_resolvers : resolver.id
    if resolver.last_version_creation_status == "failure"
  ]
}
