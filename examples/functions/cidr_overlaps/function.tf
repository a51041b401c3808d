output "overlaps" {
  value = provider::ipam::cidr_overlaps("10.0.0.0/16", "10.1.0.0/16") # false
}
