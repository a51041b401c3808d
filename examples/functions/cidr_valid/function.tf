variable "cidr" {
  type    = string
  default = "10.0.0.0/16"

  validation {
    condition     = provider::ipam::cidr_valid(var.cidr)
    error_message = "The CIDR must have the form 10.0.0.0/16, without host bits."
  }
}
