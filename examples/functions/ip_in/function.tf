variable "peer" {
  type    = string
  default = "10.1.2.3"

  validation {
    condition     = provider::ipam::ip_in(var.peer, ["10.0.0.0/8", "fd00::/8"])
    error_message = "The peer must be in a private network."
  }
}
