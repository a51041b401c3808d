# By id.
terraform import ipam_external_resource_verification_token.public ipam-ext-res-ver-token-0123456789abcdef0
