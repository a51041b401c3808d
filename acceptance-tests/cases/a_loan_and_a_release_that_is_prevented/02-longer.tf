# Another length counts from this apply. The lab becomes permanent, and the core may be released again.
resource "ipam_pool" "top" {
  name   = "top"
  locale = "eu-central-1"
  cidrs  = ["10.0.0.0/16"]
}

resource "ipam_allocation" "preview" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "preview"
  netmask_length = 24
  ttl            = "7d"
}

resource "ipam_allocation" "lab" {
  ipam_pool_id = ipam_pool.top.id
  name         = "lab"
  cidr         = "10.0.8.0/24"
}

resource "ipam_allocation" "core" {
  ipam_pool_id    = ipam_pool.top.id
  name            = "core"
  cidr            = "10.0.9.0/24"
  prevent_release = false
}

#= update ipam_allocation.preview, ipam_allocation.lab, ipam_allocation.core
#= unknown ipam_allocation.preview.expires_at
#= kept ipam_allocation.preview.cidr
#= kept ipam_allocation.lab.id
#= ipam_allocation.lab.expires_at = null
