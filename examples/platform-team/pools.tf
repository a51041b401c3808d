# Level 1: the company.
resource "ipam_pool" "company" {
  for_each = local.families

  name  = "company-${each.key}"
  cidrs = [each.value.cidr]
}

# Level 2: the Regions. Everything below has the locale of its Region.
resource "ipam_pool" "region" {
  for_each = local.regions

  name                = each.value.region
  source_ipam_pool_id = ipam_pool.company[each.value.family].id
  locale              = each.value.region
  netmask_length      = local.families[each.value.family].region
}

# Level 3: the environments.
resource "ipam_pool" "environment" {
  for_each = local.environments

  name                = each.value.name
  source_ipam_pool_id = ipam_pool.region[each.value.region_key].id
  netmask_length      = local.families[each.value.family].environment
}

# Level 4: the VPCs. The first 16 IPv4 addresses of each VPC are for its gateways: no subnet gets them.
resource "ipam_pool" "vpc" {
  for_each = local.vpcs

  name                = each.value.name
  source_ipam_pool_id = ipam_pool.environment[each.value.environment_key].id
  netmask_length      = local.families[each.value.family].vpc
  reserve_first       = each.value.family == "ipv4" ? 16 : null
}
