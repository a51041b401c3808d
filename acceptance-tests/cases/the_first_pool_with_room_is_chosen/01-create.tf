# An allocation from the first of two pools that has room.
resource "ipam_pool" "a" {
  name   = "a"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/24"]
  tags   = { env = "prod" }
}

resource "ipam_pool" "b" {
  name   = "b"
  locale = "us-east-1"
  cidrs  = ["10.1.0.0/24"]
  tags   = { env = "prod" }
}

# Fills the first pool.
resource "ipam_allocation" "full" {
  ipam_pool_id   = ipam_pool.a.id
  name           = "full"
  netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_ids  = [ipam_pool.a.id, ipam_pool.b.id]
  name           = "web"
  netmask_length = 25
  depends_on     = [ipam_allocation.full]
}

# A pool with this tag. The pools are created here, so they count because of `depends_on`.
resource "ipam_allocation" "db" {
  pool_selector  = { tags = { env = "prod" }, locale = "us-east-1" }
  name           = "db"
  netmask_length = 26
  depends_on     = [ipam_pool.a, ipam_pool.b, ipam_allocation.web]
}

# This block if it is free.
resource "ipam_allocation" "dns" {
  ipam_pool_id   = ipam_pool.b.id
  name           = "dns"
  preferred_cidr = "10.1.0.192/26"
}

# The one pool with these properties.
data "ipam_pool" "b" {
  tags           = { env = "prod" }
  address_family = "ipv4"
  locale         = "us-east-1"
  name           = "b"
  depends_on     = [ipam_pool.b]
}

output "web_is_in_b" {
  value = ipam_allocation.web.ipam_pool_id == ipam_pool.b.id
}

#= create ipam_pool.a, ipam_pool.b, ipam_allocation.full, ipam_allocation.web, ipam_allocation.db, ipam_allocation.dns
#= ipam_allocation.web.cidr = "10.1.0.0/25"
#= ipam_allocation.db.cidr = "10.1.0.128/26"
#= ipam_allocation.dns.cidr = "10.1.0.192/26"
#= data.ipam_pool.b.cidrs = ["10.1.0.0/24"]
#= output web_is_in_b = true
