# By id, or by the allocation (its id or path), a slash and the name of the set.
terraform import ipam_address_set.web ipam-addr-set-0123456789abcdef0
terraform import ipam_address_set.web ipam-pool-alloc-0123456789abcdef0/web
# A set with both families, by its two allocations.
terraform import ipam_address_set.web ipam-pool-alloc-0123456789abcdef0,ipam-pool-alloc-1123456789abcdef0/web
