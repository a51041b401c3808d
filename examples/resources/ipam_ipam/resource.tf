resource "ipam_ipam" "main" {
  name              = "network-team"
  description       = "Address space of the whole company"
  operating_regions = ["us-east-1", "eu-west-1"]
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_ipam.main.private_default_scope_id
  cidrs         = ["10.0.0.0/8"]
}
