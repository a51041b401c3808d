# The subnets of a VPC: all or none of them. A change of one subnet leaves the others where they are.
resource "ipam_allocation_set" "ipv4" {
  for_each = var.vpcs

  ipam_pool_id = ipam_pool.vpc["ipv4/${each.key}"].id
  name         = "subnets"
  members      = { for name, length in each.value.subnets : name => { netmask_length = length } }
}

resource "ipam_allocation_set" "ipv6" {
  for_each = var.vpcs

  ipam_pool_id = ipam_pool.vpc["ipv6/${each.key}"].id
  name         = "subnets"
  members      = { for name in keys(each.value.subnets) : name => { netmask_length = 64 } }
}
