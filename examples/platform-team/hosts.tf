# Hosts with a name in a subnet. Each has an IPv4 and an IPv6 address, which it keeps when other hosts come and go.
resource "ipam_address_set" "hosts" {
  for_each = var.hosts

  ipv4_allocation_id = ipam_allocation_set.ipv4[each.value.vpc].ids[each.value.subnet]
  ipv6_allocation_id = ipam_allocation_set.ipv6[each.value.vpc].ids[each.value.subnet]
  name               = each.key
  domain             = "${each.value.vpc}.example.net"
  members            = { for name in each.value.names : name => {} }
}

# The link of each Region to the data centers: an IPv4 and an IPv6 network, or none of the two.
resource "ipam_dual_stack_allocation" "link" {
  for_each = var.regions

  name = "data-center-link"
  ipv4 = { ipam_pool_id = ipam_pool.region["ipv4/${each.value}"].id, netmask_length = 28 }
  ipv6 = { ipam_pool_id = ipam_pool.region["ipv6/${each.value}"].id, netmask_length = 64 }
}
