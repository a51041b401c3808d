# By id.
terraform import ipam_policy.own_first ipam-policy-0123456789abcdef0
