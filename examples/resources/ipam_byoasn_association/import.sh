# By AS number and CIDR, and the Region when it is not the home Region.
terraform import ipam_byoasn_association.office 64496_203.0.113.0/24
terraform import ipam_byoasn_association.office 64496_203.0.113.0/24_eu-west-1
