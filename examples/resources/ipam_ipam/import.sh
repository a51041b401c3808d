# By id.
terraform import ipam_ipam.main ipam-0123456789abcdef0
