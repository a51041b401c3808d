# Preview environments borrow space of the development environment for three days. After that, the command
# `terraform-provider-ipam gc` releases it, unless a discovery sees a resource in it or
# an address set has addresses in it.
resource "ipam_allocation" "preview" {
  for_each = var.previews

  ipam_pool_id   = ipam_pool.environment["ipv4/${each.value}/dev"].id
  name           = "preview-${each.key}"
  netmask_length = 26
  ttl            = "72h"
}
