# The plans of a preview environment hold addresses for an hour each. Its pipeline releases them when the pull request is
# closed: terraform apply -invoke=action.ipam_release_holds.preview -var=pull_request=17
variable "pull_request" {
  type    = number
  default = 17
}

action "ipam_release_holds" "preview" {
  config {
    # The `owner` of the provider block in the configuration of the preview environment.
    owner = "preview/${var.pull_request}"
  }
}

# The holds of one abandoned CI run of this configuration.
action "ipam_release_holds" "abandoned" {
  config {
    run = "https://ci.example/runs/4711"
  }
}
