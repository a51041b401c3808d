# terraform query -generate-config-out=allocations.tf
list "ipam_allocation" "web" {
  provider = ipam

  config {
    name_pattern = "web*"
    within_cidr  = "10.0.0.0/16"
  }
}

# The VPCs that a scan found and that no allocation covers, each as the allocation that would cover it.
list "ipam_allocation" "unmanaged" {
  provider = ipam

  config {
    discovered = {
      resource_type   = "vpc"
      resource_region = "eu-west-1"
    }
  }
}
