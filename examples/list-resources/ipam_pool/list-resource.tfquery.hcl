# terraform query -generate-config-out=pools.tf
list "ipam_pool" "prod" {
  provider         = ipam
  include_resource = true
  limit            = 1000

  config {
    locale = "eu-west-1"
    tags   = { env = "prod" }
  }
}
