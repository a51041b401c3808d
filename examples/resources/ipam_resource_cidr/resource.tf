resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# What is to be treated must have been seen: by `discover`, or as here by this plan. AWS IPAM looks by itself.
data "ipam_resource_cidrs" "seen" {
  max_age    = "1h"
  depends_on = [ipam_resource_discovery.network]
}

locals {
  seen = { for one in data.ipam_resource_cidrs.seen.resource_cidrs : one.resource_id => one }
}

# A laboratory uses the space of production once more: it counts in a scope of its own.
resource "ipam_scope" "laboratory" {
  name = "laboratory"
}

resource "ipam_resource_cidr" "laboratory" {
  resource_id     = local.seen["vpc-shop"].resource_id
  resource_cidr   = local.seen["vpc-shop"].resource_cidr
  resource_region = local.seen["vpc-shop"].resource_region
  ipam_scope_id   = ipam_scope.laboratory.id
}

# Monitoring ignores the default VPC. A sighting of an earlier scan can also be given directly:
# resource_id = "vpc-default", resource_cidr = "172.31.0.0/16", resource_region = "eu-central-1".
resource "ipam_resource_cidr" "default_vpc" {
  resource_id     = local.seen["vpc-default"].resource_id
  resource_cidr   = local.seen["vpc-default"].resource_cidr
  resource_region = local.seen["vpc-default"].resource_region
  monitored       = false
}
