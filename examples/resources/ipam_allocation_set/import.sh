# By id, or by the pool (its id or path) and the name of the set. The members are the allocations of the pool whose names
# begin with the name of the set and a slash.
terraform import ipam_allocation_set.vpc ipam-alloc-set-0123456789abcdef0
terraform import ipam_allocation_set.vpc prod/vpc
# With other allocations of the pool as members, by id or CIDR. The next apply gives them the names of members.
terraform import ipam_allocation_set.vpc "prod/vpc web=ipam-pool-alloc-0123456789abcdef0 db=10.0.1.0/26"
