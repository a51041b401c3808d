terraform {
  required_providers {
    ipam = {
      source = "ipam-dev/ipam"
    }
  }
}

provider "ipam" {
  store = "sqlite:ipam.db"
}

# Region -> environment -> team. The number is the netmask length of the team's block.
variable "tree" {
  type = map(map(map(number)))
  default = {
    eu-west-1 = {
      prod = { payments = 22, search = 23 }
      dev  = { payments = 24, search = 24 }
    }
    us-east-1 = {
      prod = { payments = 22 }
    }
  }
}

locals {
  environments = merge([
    for region, environments in var.tree : {
      for environment, teams in environments : "${region}/${environment}" => { region = region, name = environment }
    }
  ]...)

  teams = merge(flatten([
    for region, environments in var.tree : [
      for environment, teams in environments : {
        for team, length in teams : "${region}/${environment}/${team}" => {
          environment    = "${region}/${environment}"
          name           = team
          netmask_length = length
        }
      }
    ]
  ])...)
}

resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "region" {
  for_each = var.tree

  name                = each.key
  source_ipam_pool_id = ipam_pool.top.id
  locale              = each.key
  netmask_length      = 12
}

resource "ipam_pool" "environment" {
  for_each = local.environments

  name                = each.value.name
  source_ipam_pool_id = ipam_pool.region[each.value.region].id
  netmask_length      = 16
}

resource "ipam_allocation" "team" {
  for_each = local.teams

  ipam_pool_id   = ipam_pool.environment[each.value.environment].id
  name           = each.value.name
  netmask_length = each.value.netmask_length
}

output "teams" {
  value = { for path, team in ipam_allocation.team : path => team.cidr }
}
