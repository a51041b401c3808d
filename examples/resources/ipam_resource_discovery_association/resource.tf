resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

# Those that other accounts share with this one.
data "ipam_resource_discoveries" "shared" {
  is_default = false
}

resource "ipam_resource_discovery_association" "shared" {
  for_each = toset(data.ipam_resource_discoveries.shared.ids)

  ipam_id                    = ipam_ipam.main.id
  ipam_resource_discovery_id = each.key
}
