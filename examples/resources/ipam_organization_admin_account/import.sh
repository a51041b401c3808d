# By the id of the account that administers IPAM now. It is taken on trust.
terraform import ipam_organization_admin_account.network_team 444455556666
