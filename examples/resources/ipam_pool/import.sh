# By id, by path or the end of it, or by the whole path behind the scope's name or id.
terraform import ipam_pool.region ipam-pool-0123456789abcdef0
terraform import ipam_pool.region top/eu-west-1
terraform import ipam_pool.region lab/top/eu-west-1
