output "summary_route" {
  value = provider::ipam::cidr_supernet(["10.0.1.0/24", "10.0.2.0/24"]) # "10.0.0.0/22"
}
