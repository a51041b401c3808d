output "subnets" {
  description = "The CIDRs of all subnets, by VPC and subnet."

  value = {
    for name, vpc in var.vpcs : name => {
      for subnet in keys(vpc.subnets) : subnet => {
        ipv4 = ipam_allocation_set.ipv4[name].cidrs[subnet]
        ipv6 = ipam_allocation_set.ipv6[name].cidrs[subnet]
      }
    }
  }
}
