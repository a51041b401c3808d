resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1"]
}

resource "ipam_pool" "production" {
  name          = "production"
  ipam_scope_id = ipam_ipam.main.private_default_scope_id
  cidrs         = ["10.0.0.0/12"]
}

resource "ipam_prefix_list_resolver" "trusted" {
  name           = "trusted-networks"
  ipam_id        = ipam_ipam.main.id
  address_family = "ipv4"
  rule = [
    {
      rule_type   = "static-cidr"
      static_cidr = "192.0.2.0/24"
    },
    {
      rule_type     = "ipam-pool-cidr"
      ipam_scope_id = ipam_ipam.main.private_default_scope_id
      condition     = [{ operation = "equals", ipam_pool_id = ipam_pool.production.id }]
    },
    {
      rule_type     = "ipam-resource-cidr"
      ipam_scope_id = ipam_ipam.main.private_default_scope_id
      resource_type = "vpc"
      condition = [
        { operation = "equals", resource_tag = { key = "env", value = "prod" } },
        { operation = "subnet-of", cidr = "10.0.0.0/8" },
      ]
    },
  ]
}
