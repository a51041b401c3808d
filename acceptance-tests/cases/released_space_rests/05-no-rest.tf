# Without a quarantine, released space is free at once. The pool passes the block on within one apply.
resource "ipam_pool" "top" {
  name   = "top"
  locale = "eu-central-1"
  cidrs  = ["10.0.0.0/24"]
}

resource "ipam_allocation" "new" {
  ipam_pool_id = ipam_pool.top.id
  name         = "new"
  cidr         = "10.0.0.0/26"
}

#= update ipam_pool.top
#= delete ipam_allocation.db, ipam_allocation.web
#= create ipam_allocation.new
