resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}

resource "ipam_external_resource_verification_token" "public" {
  ipam_id = ipam_ipam.main.id
  name    = "public space"
  cidrs   = ["198.18.12.0/22", "2001:db8:80::/42"]
}

# What to create in the reverse zones.
output "dns_records" {
  value = {
    for record in ipam_external_resource_verification_token.public.dns_records :
    record.name => "${record.type} ${record.value}"
  }
}
