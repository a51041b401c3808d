# A range outside of IPAM by its CIDR, one in a pool by CIDR and pool id.
terraform import ipam_byoip_cidr.old 198.51.100.0/24
terraform import ipam_byoip_cidr.region 203.0.113.0/24_ipam-pool-0123456789abcdef0
