# By AS number and IPAM id.
terraform import ipam_byoasn.own 64496_ipam-0123456789abcdef0
