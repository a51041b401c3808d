resource "ipam_ipam" "main" {
  name              = "network-team"
  operating_regions = ["us-east-1"]
}

resource "ipam_policy" "own_first" {
  name    = "own-addresses-first"
  ipam_id = ipam_ipam.main.id
}

# For the account of the provider. As delegated administrator of IPAM, set organization_target_id to an account,
# organizational unit or root.
resource "ipam_policy_enablement" "own_account" {
  ipam_policy_id = ipam_policy.own_first.id
}
