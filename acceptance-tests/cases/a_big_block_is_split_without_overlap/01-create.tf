#= create ipam_pool.top, ipam_allocation.n["a"], ipam_allocation.n["b"], ipam_allocation.n["c"], ipam_allocation.n["d"]
#= create ipam_allocation.n["e"], ipam_allocation.n["f"], ipam_allocation.n["g"]
#= output addresses = 256
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

# Together the blocks fill the pool to the last address: they must fit in any order of placing.
resource "ipam_allocation" "n" {
  for_each       = { a = 26, b = 26, c = 26, d = 27, e = 28, f = 29, g = 29 }
  ipam_pool_id   = ipam_pool.top.id
  name           = each.key
  netmask_length = each.value
}

output "addresses" {
  value = sum([for n in ipam_allocation.n : n.address_count])
}
