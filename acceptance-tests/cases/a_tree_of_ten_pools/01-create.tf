#= create ipam_pool.p1, ipam_pool.p2, ipam_pool.p3, ipam_pool.p4, ipam_pool.p5
#= create ipam_pool.p6, ipam_pool.p7, ipam_pool.p8, ipam_pool.p9, ipam_pool.p10, ipam_allocation.leaf
#= ipam_pool.p1.pool_depth = 1
#= ipam_pool.p10.pool_depth = 10
#= ipam_pool.p10.cidr = "10.0.0.0/26"
#= ipam_allocation.leaf.cidr = "10.0.0.0/28"
resource "ipam_pool" "p1" {
  name   = "p1"
  cidrs  = ["10.0.0.0/8"]
  locale = "eu-west-1"
}

resource "ipam_pool" "p2" {
  name                = "p2"
  source_ipam_pool_id = ipam_pool.p1.id
  netmask_length      = 10
}

resource "ipam_pool" "p3" {
  name                = "p3"
  source_ipam_pool_id = ipam_pool.p2.id
  netmask_length      = 12
}

resource "ipam_pool" "p4" {
  name                = "p4"
  source_ipam_pool_id = ipam_pool.p3.id
  netmask_length      = 14
}

resource "ipam_pool" "p5" {
  name                = "p5"
  source_ipam_pool_id = ipam_pool.p4.id
  netmask_length      = 16
}

resource "ipam_pool" "p6" {
  name                = "p6"
  source_ipam_pool_id = ipam_pool.p5.id
  netmask_length      = 18
}

resource "ipam_pool" "p7" {
  name                = "p7"
  source_ipam_pool_id = ipam_pool.p6.id
  netmask_length      = 20
}

resource "ipam_pool" "p8" {
  name                = "p8"
  source_ipam_pool_id = ipam_pool.p7.id
  netmask_length      = 22
}

resource "ipam_pool" "p9" {
  name                = "p9"
  source_ipam_pool_id = ipam_pool.p8.id
  netmask_length      = 24
}

resource "ipam_pool" "p10" {
  name                = "p10"
  source_ipam_pool_id = ipam_pool.p9.id
  netmask_length      = 26
}

resource "ipam_allocation" "leaf" {
  ipam_pool_id   = ipam_pool.p10.id
  name           = "leaf"
  netmask_length = 28
}
