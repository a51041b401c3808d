# By id.
terraform import ipam_prefix_list_resolver.trusted ipam-pl-resolver-0123456789abcdef0
