# By id. In AWS IPAM the one that came with an IPAM can be imported too, to change it.
terraform import ipam_resource_discovery.network ipam-res-disco-0123456789abcdef0
