terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

# Whose files a plan may read is said here, and not by the store.
provider "ipam" {
  discovery_files_below = [path.module]
}
