# With a self-managed store, `terraform-provider-ipam discover` scans there.
resource "ipam_resource_discovery" "network" {
  name              = "network"
  description       = "Production accounts and the data centre"
  operating_regions = ["eu-central-1", "us-east-1"]

  role {
    role_arn = "arn:aws:iam::111122223333:role/ipam-discovery"
  }

  role {
    role_arn    = "arn:aws:iam::222233334444:role/ipam-discovery"
    external_id = "network-team"
  }

  excluded_tags = {
    purpose = "sandbox"
  }

  files = ["data-centre.csv"]
}
