resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

# How full the pool was at the end of each month, and no plan when it will be full within the year.
data "ipam_utilization_history" "top" {
  ipam_pool_id = ipam_pool.top.id
  start_time   = "2026-01-01T00:00:00Z"
  end_time     = "2026-07-01T00:00:00Z"
  step         = "720h"

  lifecycle {
    postcondition {
      condition     = self.forecast == null ? true : self.forecast.full_at == null
      error_message = "The pool fills up: make it larger."
    }
  }
}

output "used_percent" {
  value = [for point in data.ipam_utilization_history.top.points : point.used_percent]
}
