# By id, or by path.
terraform import ipam_pool.region ipam-pool-0123456789abcdef0
terraform import ipam_pool.region top/eu-west-1
