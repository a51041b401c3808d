terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store     = "sqlite:ipam.db"
  plan_hold = "1h"
  owner     = "quickstart"
}

resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "region" {
  name                = "eu-west-1"
  source_ipam_pool_id = ipam_pool.top.id
  locale              = "eu-west-1"
  netmask_length      = 16
}

resource "ipam_pool" "prod" {
  name                = "prod"
  source_ipam_pool_id = ipam_pool.region.id
  netmask_length      = 20

  allocation_min_netmask_length     = 22
  allocation_max_netmask_length     = 28
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "service" {
  for_each = toset(["web", "api", "db"])

  ipam_pool_id = ipam_pool.prod.id
  name         = each.key
}

output "pool" {
  value = ipam_pool.prod.cidr
}

output "cidrs" {
  value = { for name, allocation in ipam_allocation.service : name => allocation.cidr }
}
