resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]

  # A backup before each change of the pool. The first one is made before the pool exists.
  lifecycle {
    action_trigger {
      events  = [before_create, before_update]
      actions = [action.ipam_backup.before_change]
    }
  }
}

# The time is in the name, so that no backup replaces another one.
action "ipam_backup" "before_change" {
  config {
    path = "ipam-${formatdate("YYYY-MM-DD-hhmmss", plantimestamp())}.json"
  }
}

# By hand, or in a cron job: terraform apply -invoke=action.ipam_backup.latest
action "ipam_backup" "latest" {
  config {
    path      = "ipam-latest.json"
    overwrite = true
  }
}

# To a bucket, with the credentials of the environment:
# terraform apply -invoke=action.ipam_backup.offsite
action "ipam_backup" "offsite" {
  config {
    url = "s3://acme-backups/ipam/${formatdate("YYYY-MM-DD", plantimestamp())}.json?region=eu-central-1"
  }
}
