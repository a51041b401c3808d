terraform {
  required_version = ">= 1.8"

  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}
