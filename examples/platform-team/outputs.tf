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

output "hosts" {
  description = "The addresses of all hosts, by set and host."

  value = {
    for name, hosts in var.hosts : name => {
      for host in hosts.names : host => {
        ipv4 = ipam_address_set.hosts[name].ipv4.addresses[host]
        ipv6 = ipam_address_set.hosts[name].ipv6.addresses[host]
      }
    }
  }
}

output "links" {
  description = "The networks of the links to the data centers, by Region."

  value = {
    for region in var.regions : region => {
      ipv4 = ipam_dual_stack_allocation.link[region].ipv4_cidr
      ipv6 = ipam_dual_stack_allocation.link[region].ipv6_cidr
    }
  }
}
