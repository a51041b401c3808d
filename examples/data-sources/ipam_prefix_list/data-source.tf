resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "region" {
  for_each            = toset(["eu-west-1", "us-east-1"])
  name                = each.key
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 16
  locale              = each.key
}

# Routes to one Region, at most as many as a route table takes.
data "ipam_prefix_list" "eu" {
  locale      = "eu-west-1"
  max_entries = 50
  depends_on  = [ipam_pool.region]
}

output "routes_to_eu" {
  value = data.ipam_prefix_list.eu.cidrs
}
