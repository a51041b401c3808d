# The others keep their blocks. The space of `db` is free after the apply.
#= update ipam_allocation_set.vpc
#= kept ipam_allocation_set.vpc.id
#= ipam_allocation_set.vpc.cidrs = {"app": "10.0.3.0/25", "lb": "10.0.2.128/26", "vpn": "10.0.0.0/24", "web": "10.0.1.0/24"}
#= output web = "10.0.1.0/24"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/20"]
  locale = "us-east-1"
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"
  description  = "office"
  tags         = { env = "prod" }

  members = {
    web = { netmask_length = 24 }
    app = { netmask_length = 25 }
    lb  = { netmask_length = 26 }
    vpn = { cidr = "10.0.0.0/24" }
  }
}

output "web" {
  value = ipam_allocation_set.vpc.cidrs["web"]
}
