# By id, or by the pool's path and the name.
terraform import ipam_allocation.web ipam-pool-alloc-0123456789abcdef0
terraform import ipam_allocation.web prod/web
