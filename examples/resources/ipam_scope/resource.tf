resource "ipam_scope" "lab" {
  name        = "lab"
  description = "Not connected to the office network"
}
