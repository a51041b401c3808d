resource "ipam_pool" "prod" {
  name                              = "prod"
  cidrs                             = ["10.0.0.0/16"]
  allocation_default_netmask_length = 24
}

# Usually the pool is another configuration's; here it waits for the one above.
data "ipam_pool" "prod" {
  path       = "prod"
  depends_on = [ipam_pool.prod]
}

output "free_for_all" {
  value = data.ipam_pool.prod.cidrs
}
