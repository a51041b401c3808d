#= create ipam_pool.top, ipam_allocation.net[0], ipam_allocation.net[1], ipam_allocation.net[2], ipam_allocation.net[3], ipam_allocation.net[4], ipam_allocation.net[5], ipam_allocation.net[6], ipam_allocation.net[7], ipam_allocation.net[8], ipam_allocation.net[9], ipam_allocation.net[10], ipam_allocation.net[11], ipam_allocation.net[12], ipam_allocation.net[13], ipam_allocation.net[14], ipam_allocation.net[15], ipam_allocation.net[16], ipam_allocation.net[17], ipam_allocation.net[18], ipam_allocation.net[19], ipam_allocation.net[20], ipam_allocation.net[21], ipam_allocation.net[22], ipam_allocation.net[23], ipam_allocation.net[24], ipam_allocation.net[25], ipam_allocation.net[26], ipam_allocation.net[27], ipam_allocation.net[28], ipam_allocation.net[29], ipam_allocation.net[30], ipam_allocation.net[31], ipam_allocation.net[32], ipam_allocation.net[33], ipam_allocation.net[34], ipam_allocation.net[35], ipam_allocation.net[36], ipam_allocation.net[37], ipam_allocation.net[38], ipam_allocation.net[39], ipam_allocation.net[40], ipam_allocation.net[41], ipam_allocation.net[42], ipam_allocation.net[43], ipam_allocation.net[44], ipam_allocation.net[45], ipam_allocation.net[46], ipam_allocation.net[47], ipam_allocation.net[48], ipam_allocation.net[49]
#= output distinct = 50
#= output inside = true
resource "ipam_pool" "top" {
  name                              = "top"
  cidrs                             = ["10.0.0.0/16"]
  locale                            = "us-east-1"
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "net" {
  count        = 50
  ipam_pool_id = ipam_pool.top.id
  name         = format("net-%02d", count.index)
}

output "distinct" {
  value = length(toset(ipam_allocation.net[*].cidr))
}

output "inside" {
  value = alltrue([for net in ipam_allocation.net : startswith(net.cidr, "10.0.")])
}
