resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1"]
}

# A laboratory uses the space of production once more: it counts in a scope of its own.
resource "ipam_scope" "laboratory" {
  name       = "laboratory"
  depends_on = [ipam_ipam.main]
}

resource "ipam_resource_cidr" "laboratory" {
  resource_id     = "vpc-0123456789abcdef0"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "us-east-1"
  ipam_scope_id   = ipam_scope.laboratory.id
}

# The default VPC is nobody's business.
resource "ipam_resource_cidr" "default_vpc" {
  resource_id     = "vpc-0fedcba9876543210"
  resource_cidr   = "172.31.0.0/16"
  resource_region = "us-east-1"
  monitored       = false
  depends_on      = [ipam_ipam.main]
}
