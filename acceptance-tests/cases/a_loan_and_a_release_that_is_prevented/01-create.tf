resource "ipam_pool" "top" {
  name   = "top"
  locale = "eu-central-1"
  cidrs  = ["10.0.0.0/16"]
}

# The network of a preview environment. The time counts from the apply.
resource "ipam_allocation" "preview" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "preview"
  netmask_length = 24
  ttl            = "72h"
}

# A lab that closes on a given day.
resource "ipam_allocation" "lab" {
  ipam_pool_id = ipam_pool.top.id
  name         = "lab"
  cidr         = "10.0.8.0/24"
  expires_at   = "2126-03-01T12:00:00+01:00"
}

# As long as this is set, nothing releases or replaces the allocation.
resource "ipam_allocation" "core" {
  ipam_pool_id    = ipam_pool.top.id
  name            = "core"
  cidr            = "10.0.9.0/24"
  prevent_release = true
}

#= create ipam_pool.top, ipam_allocation.preview, ipam_allocation.lab, ipam_allocation.core
#= unknown ipam_allocation.preview.expires_at
