data "ipam_ipams" "all" {}

output "home_regions" {
  value = { for ipam in data.ipam_ipams.all.ipams : ipam.id => ipam.ipam_region }
}
