resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}

# All public space of the company, without a Region.
resource "ipam_pool" "public" {
  name             = "public"
  ipam_scope_id    = ipam_ipam.main.public_default_scope_id
  address_family   = "ipv4"
  public_ip_source = "byoip"
}

# Proven by records in DNS: create those of `dns_records` before you apply the rest.
resource "ipam_external_resource_verification_token" "public" {
  ipam_id = ipam_ipam.main.id
  cidrs   = ["203.0.113.0/24"]
}

resource "ipam_pool_cidr" "public" {
  ipam_pool_id                                 = ipam_pool.public.id
  cidr                                         = "203.0.113.0/24"
  verification_method                          = "dns-token"
  ipam_external_resource_verification_token_id = ipam_external_resource_verification_token.public.id
}

# What may be advertised in one Region.
resource "ipam_pool" "region" {
  name                = "us-east-1"
  source_ipam_pool_id = ipam_pool.public.id
  locale              = "us-east-1"
  aws_service         = "ec2"
}

resource "ipam_byoip_cidr" "region" {
  cidr         = ipam_pool_cidr.public.cidr
  ipam_pool_id = ipam_pool.region.id
  advertise    = true
}

# A range outside of IPAM, proven by a signed message. With an `ipam_pool_id` it moves into that pool.
resource "ipam_byoip_cidr" "old" {
  cidr = "198.51.100.0/24"

  cidr_authorization_context = {
    message   = "1|aws|111122223333|198.51.100.0/24|20271231|SHA256|RSAPSS"
    signature = "c2lnbmVkIHdpdGggdGhlIHByaXZhdGUga2V5"
  }

  timeouts {
    create = "6h"
  }
}
