resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# What is to be treated must have been seen: by `discover`, or by this plan. AWS IPAM looks by itself.
data "ipam_resource_cidrs" "seen" {
  max_age    = "1h"
  depends_on = [ipam_resource_discovery.network]
}

# A laboratory uses the space of production once more: it counts in a scope of its own.
resource "ipam_scope" "laboratory" {
  name = "laboratory"
}

resource "ipam_resource_cidr" "laboratory" {
  resource_id     = "vpc-shop"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "eu-central-1"
  ipam_scope_id   = ipam_scope.laboratory.id
  depends_on      = [data.ipam_resource_cidrs.seen]
}

# The default VPC is nobody's business.
resource "ipam_resource_cidr" "default_vpc" {
  resource_id     = "vpc-default"
  resource_cidr   = "172.31.0.0/16"
  resource_region = "eu-central-1"
  monitored       = false
  depends_on      = [data.ipam_resource_cidrs.seen]
}
