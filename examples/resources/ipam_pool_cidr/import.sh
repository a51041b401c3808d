# By id, or by CIDR and pool: its id, its path, or its whole path behind the scope.
terraform import ipam_pool_cidr.first ipam-pool-cidr-0123456789abcdef0
terraform import ipam_pool_cidr.first 10.0.0.0/12_ipam-pool-0123456789abcdef0
terraform import ipam_pool_cidr.first 10.0.0.0/12_top
