terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

# The provider block sets the directory whose files a plan may read. The store cannot set it.
provider "ipam" {
  discovery_files_below = [path.module]
}
