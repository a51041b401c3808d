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
