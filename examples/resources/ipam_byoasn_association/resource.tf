resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}

resource "ipam_byoasn" "own" {
  ipam_id = ipam_ipam.main.id
  asn     = 64496

  asn_authorization_context = {
    message   = "1|aws|111122223333|64496|20271231|SHA256|RSAPSS"
    signature = "c2lnbmVkIHdpdGggdGhlIHByaXZhdGUga2V5"
  }
}

# Once the association is there, `asn = 64496` here advertises the range with the own number. Take it out again before
# the association goes.
resource "ipam_byoip_cidr" "office" {
  cidr      = "203.0.113.0/24"
  advertise = true

  cidr_authorization_context = {
    message   = "1|aws|111122223333|203.0.113.0/24|20271231|SHA256|RSAPSS"
    signature = "c2lnbmVkIHdpdGggdGhlIHByaXZhdGUga2V5"
  }
}

resource "ipam_byoasn_association" "office" {
  asn  = ipam_byoasn.own.asn
  cidr = ipam_byoip_cidr.office.cidr
}
