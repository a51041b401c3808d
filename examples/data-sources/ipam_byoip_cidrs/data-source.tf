data "ipam_byoip_cidrs" "all" {}

output "advertised" {
  value = [for range in data.ipam_byoip_cidrs.all.byoip_cidrs : range.cidr if range.state == "advertised"]
}
