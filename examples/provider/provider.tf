terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  # Where addresses are kept; also from IPAM_STORE.
  store = "sqlite:ipam.db"

  # How long a plan holds the addresses it shows.
  plan_hold = "1h"

  # Who this configuration is, among those that share the store.
  owner = "network-team/prod"

  default_tags {
    tags = {
      managed-by = "terraform"
    }
  }
}
