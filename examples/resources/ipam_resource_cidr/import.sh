# By resource, CIDR and Region. The scope that it is in then is the one that it goes back to.
terraform import ipam_resource_cidr.default_vpc vpc-default_172.31.0.0/16_eu-central-1
