# By id.
terraform import 'ipam_resource_discovery_association.shared["ipam-res-disco-0123456789abcdef0"]' ipam-res-disco-assoc-0123456789abcdef0
