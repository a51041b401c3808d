# The address plan of a platform team: company, Region, environment and VPC are pools, in IPv4 and IPv6. Each VPC has a set of
# subnets, and some subnets have hosts with names. Preview environments borrow space for a time.
terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"

  default_tags {
    tags = { managed-by = "platform" }
  }
}

locals {
  # One entry for each address family: the CIDR of the company, and the netmask length on each level below.
  families = {
    ipv4 = { cidr = "10.0.0.0/8", region = 12, environment = 15, vpc = 20 }
    ipv6 = { cidr = "fd20:7c3a:5e00::/40", region = 44, environment = 48, vpc = 56 }
  }

  regions = merge([
    for family, lengths in local.families : {
      for region in var.regions : "${family}/${region}" => { family = family, region = region }
    }
  ]...)

  environments = merge([
    for region_key, region in local.regions : {
      for environment in var.environments : "${region_key}/${environment}" => {
        family     = region.family
        region_key = region_key
        name       = environment
      }
    }
  ]...)

  vpcs = merge([
    for family in keys(local.families) : {
      for name, vpc in var.vpcs : "${family}/${name}" => {
        family          = family
        environment_key = "${family}/${vpc.region}/${vpc.environment}"
        name            = name
      }
    }
  ]...)
}
