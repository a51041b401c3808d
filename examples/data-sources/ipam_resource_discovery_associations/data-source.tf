data "ipam_resource_discovery_associations" "all" {}

# Through these nothing new is seen: the discovery is gone, or is not shared any more.
output "broken" {
  value = [
    for one in data.ipam_resource_discovery_associations.all.resource_discovery_associations :
    one.ipam_resource_discovery_id if one.resource_discovery_status == "not-found"
  ]
}
