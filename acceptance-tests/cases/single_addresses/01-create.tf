#= create ipam_pool.top, ipam_allocation.host[0], ipam_allocation.host[1], ipam_allocation.host[2], ipam_allocation.host[3]
#= output all = ["10.0.0.0/32","10.0.0.1/32","10.0.0.2/32","10.0.0.3/32"]
#= ipam_allocation.host[0].address_count = 1
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/30"]
  locale = "us-east-1"
}

resource "ipam_allocation" "host" {
  count          = 4
  ipam_pool_id   = ipam_pool.top.id
  name           = "host-${count.index}"
  netmask_length = 32
}

output "all" {
  value = sort(ipam_allocation.host[*].cidr)
}
