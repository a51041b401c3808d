resource "ipam_pool" "top" {
  name       = "top"
  locale     = "eu-central-1"
  cidrs      = ["10.0.0.0/24"]
  quarantine = "24h"
}

#= delete ipam_allocation.web
