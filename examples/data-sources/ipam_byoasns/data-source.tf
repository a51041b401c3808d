data "ipam_byoasns" "all" {}

output "as_numbers" {
  value = { for number in data.ipam_byoasns.all.byoasns : number.asn => number.state }
}
