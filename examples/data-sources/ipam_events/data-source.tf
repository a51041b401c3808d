resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

# Who changed anything that has an address of this block, in 2026.
data "ipam_events" "office" {
  cidr       = "10.20.0.0/16"
  start_time = "2026-01-01T00:00:00Z"
  depends_on = [ipam_pool.top]
}

output "changes" {
  value = [for event in data.ipam_events.office.events : "${event.owner}: ${event.action} ${event.name}" if event.action != "hold"]
}
