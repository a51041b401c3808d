resource "ipam_resource_discovery" "site" {
  name  = "site"
  files = ["${path.module}/site.csv"]

  # Scans as soon as the discovery is there, and again when it changes.
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.ipam_discover.site]
    }
  }
}

action "ipam_discover" "site" {
  config {
    ipam_resource_discovery_id = ipam_resource_discovery.site.id
  }
}

# By hand, or in a cron job: terraform apply -invoke=action.ipam_discover.all
action "ipam_discover" "all" {
  config {
    # An account that cannot be scanned is a warning.
    allow_failures = true
  }
}
