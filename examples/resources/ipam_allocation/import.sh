# By id, also with the id of the pool behind it; by the pool's path and the name; by block and pool; or by its block alone,
# where no other pool has an allocation of that block.
terraform import ipam_allocation.web ipam-pool-alloc-0123456789abcdef0
terraform import ipam_allocation.web ipam-pool-alloc-0123456789abcdef0_ipam-pool-0123456789abcdef0
terraform import ipam_allocation.web prod/web
terraform import ipam_allocation.web lab/top/prod/web    # the pool's whole path behind its scope
terraform import ipam_allocation.web 10.0.0.0/24_ipam-pool-0123456789abcdef0
terraform import ipam_allocation.web 10.0.0.0/24
