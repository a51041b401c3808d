resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

data "ipam_address_history" "suspect" {
  ipam_scope_id = ipam_ipam.main.private_default_scope_id
  cidr          = "10.0.1.5/32"
  start_time    = "2026-01-15T14:00:00Z"
  end_time      = "2026-01-15T15:00:00Z"
}

output "who_had_it" {
  value = [
    for one in data.ipam_address_history.suspect.history_records :
    "${one.resource_type} ${one.resource_id} of ${one.resource_owner_id}"
  ]
}
