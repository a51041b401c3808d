# By id.
terraform import ipam_prefix_list_resolver_target.security_groups ipam-pl-resolver-target-0123456789abcdef0
