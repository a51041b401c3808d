# With the credentials of the organization's management account.
resource "ipam_organization_admin_account" "network_team" {
  delegated_admin_account_id = "444455556666"
}
