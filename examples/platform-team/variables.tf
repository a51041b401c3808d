variable "regions" {
  description = "Regions of the company."
  type        = set(string)
  default     = ["ap-southeast-2", "eu-west-1", "us-east-1"]
}

variable "environments" {
  description = "Environments of each Region."
  type        = set(string)
  default     = ["dev", "prod"]
}

variable "vpcs" {
  description = "VPCs, each with the IPv4 netmask lengths of its subnets."

  type = map(object({
    region      = string
    environment = string
    subnets     = map(number)
  }))

  default = {
    shop = {
      region      = "eu-west-1"
      environment = "prod"
      subnets     = { web-a = 24, web-b = 24, db-a = 26, db-b = 26 }
    }
    search = {
      region      = "us-east-1"
      environment = "prod"
      subnets     = { nodes-a = 23, nodes-b = 23 }
    }
    sandbox = {
      region      = "ap-southeast-2"
      environment = "dev"
      subnets     = { all = 25 }
    }
  }
}

variable "hosts" {
  description = "Sets of hosts: the VPC and the subnet that they are in, and their names."

  type = map(object({
    vpc    = string
    subnet = string
    names  = set(string)
  }))

  default = {
    shop-web = { vpc = "shop", subnet = "web-a", names = ["gateway", "web-1", "web-2"] }
  }
}

variable "previews" {
  description = "The Regions of preview environments, by their names."
  type        = map(string)
  default     = { pull-request-4711 = "eu-west-1" }
}
