resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]

  allocation_min_netmask_length = 16
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 24
}

# No plan while an allocation breaks a rule of its pool, or two overlap.
data "ipam_report" "top" {
  ipam_pool_id = ipam_pool.top.id
  format       = "csv"

  lifecycle {
    postcondition {
      condition     = alltrue([for problem in self.problems : problem.severity != "error"])
      error_message = join("\n", [for problem in self.problems : "${problem.name}: ${problem.what}"])
    }
  }
}

# The same for everything in the store, as a warning that does not stop the apply.
data "ipam_report" "all" {}

check "address_plan" {
  assert {
    condition     = length(data.ipam_report.all.problems) == 0
    error_message = join("\n", [for problem in data.ipam_report.all.problems : "${problem.name}: ${problem.what}"])
  }
}

output "problems" {
  value = data.ipam_report.top.problems
}
