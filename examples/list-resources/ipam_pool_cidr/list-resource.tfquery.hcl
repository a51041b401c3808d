# terraform query -generate-config-out=pool-cidrs.tf
list "ipam_pool_cidr" "all" {
  provider = ipam
}
