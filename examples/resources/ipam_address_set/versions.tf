terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
}
