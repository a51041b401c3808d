# By the ids or paths of the IPv4 and the IPv6 allocation.
terraform import ipam_dual_stack_allocation.web ipam-pool-alloc-0123456789abcdef0,ipam-pool-alloc-1123456789abcdef0
terraform import ipam_dual_stack_allocation.web prod-v4/web,prod-v6/web
# By id, as long as both allocations have the same name.
terraform import ipam_dual_stack_allocation.web ipam-dual-stack-0123456789abcdef0
