resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1", "eu-west-1"]
}

data "ipam_discovered_accounts" "failing" {
  ipam_resource_discovery_id = ipam_ipam.main.default_resource_discovery_id
  failing_only               = true
}

output "accounts_that_nobody_sees" {
  value = {
    for one in data.ipam_discovered_accounts.failing.accounts :
    "${one.account_id} in ${one.discovery_region}" => "${one.failure_code} since ${coalesce(one.last_successful_discovery_time, "ever")}"
  }
}
