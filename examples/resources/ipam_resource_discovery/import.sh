# By id. The one that came with an IPAM can be imported too, to change it.
terraform import ipam_resource_discovery.for_the_parent_company ipam-res-disco-0123456789abcdef0
