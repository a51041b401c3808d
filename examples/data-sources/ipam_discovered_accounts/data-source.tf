resource "ipam_resource_discovery" "network" {
  name  = "network"
  files = ["${path.module}/network.csv"]
}

# In AWS IPAM: default_resource_discovery_id of an `ipam_ipam`, without max_age.
data "ipam_discovered_accounts" "failing" {
  ipam_resource_discovery_id = ipam_resource_discovery.network.id
  failing_only               = true
  max_age                    = "1h"
}

output "accounts_that_nobody_sees" {
  value = {
    for one in data.ipam_discovered_accounts.failing.accounts :
    "${one.account_id} in ${one.discovery_region}" => "${one.failure_code} since ${coalesce(one.last_successful_discovery_time, "ever")}"
  }
}
