terraform {
  required_version = ">= 1.10"

  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
}
