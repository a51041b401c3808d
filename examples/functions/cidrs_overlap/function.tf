variable "cidrs" {
  type    = list(string)
  default = ["10.0.0.0/16", "10.1.0.0/16"]

  validation {
    condition     = !provider::ipam::cidrs_overlap(var.cidrs)
    error_message = "The blocks must not overlap."
  }
}
