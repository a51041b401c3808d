# A resource discovery of AWS IPAM. It is in the account that is scanned, which belongs to another organization than the IPAM.

terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "aws-ipam"
}

resource "ipam_resource_discovery" "for_the_parent_company" {
  name              = "for-the-parent-company"
  description       = "Shared by AWS RAM with the account of their IPAM"
  operating_regions = ["us-east-1", "eu-west-1"]

  organizational_unit_exclusions = [
    "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", # the unit for sandboxes and all units below it
    "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/",  # only this unit
  ]
}
