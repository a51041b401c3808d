terraform {
  required_version = ">= 1.8"

  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

# Functions need no store and no resources.
variable "networks" {
  type    = list(string)
  default = ["10.0.0.0/24", "10.0.1.0/24", "10.0.4.0/22"]

  validation {
    condition     = !provider::ipam::cidrs_overlap(var.networks)
    error_message = "The networks must not overlap."
  }
}

output "routes" {
  value = provider::ipam::cidr_merge(var.networks)
}

output "not_used" {
  value = provider::ipam::cidr_subtract(["10.0.0.0/21"], var.networks)
}

output "netmask" {
  value = provider::ipam::cidr_info(var.networks[0]).netmask
}

output "reverse_zones" {
  value = provider::ipam::reverse_zones(var.networks[0])
}

output "subnets" {
  value = provider::ipam::cidr_split_into(var.networks[0], [26, 26, 27])
}

output "holds_gateway" {
  value = provider::ipam::cidr_contains(var.networks[0], "10.0.0.1")
}
