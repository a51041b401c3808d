resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1"]
}

resource "ipam_pool" "own" {
  name           = "own-addresses"
  ipam_scope_id  = ipam_ipam.main.public_default_scope_id
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool" "spare" {
  name           = "spare-addresses"
  ipam_scope_id  = ipam_ipam.main.public_default_scope_id
  address_family = "ipv4"
  locale         = "us-east-1"
}

# Elastic IP addresses come from the first pool, then from the second, and from Amazon when both are empty.
resource "ipam_policy" "own_first" {
  name    = "own-addresses-first"
  ipam_id = ipam_ipam.main.id
  allocation_rule = [
    {
      resource_type        = "eip"
      locale               = "us-east-1"
      source_ipam_pool_ids = [ipam_pool.own.id, ipam_pool.spare.id]
    },
    {
      resource_type        = "alb"
      locale               = "us-east-1"
      source_ipam_pool_ids = [ipam_pool.own.id]
    },
  ]
}
