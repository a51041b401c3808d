resource "ipam_pool" "lab" {
  name  = "lab"
  cidrs = ["10.64.0.0/16"]
}

# Addresses for a test that this run makes and removes again.
ephemeral "ipam_lease" "smoke_test" {
  ipam_pool_id   = ipam_pool.lab.id
  name           = "smoke-test"
  netmask_length = 24
}

# The values of a lease can be used in provisioners, in provider blocks, in write-only arguments and in other ephemeral
# resources.
resource "terraform_data" "smoke_test" {
  provisioner "local-exec" {
    command = "echo run the smoke test in ${ephemeral.ipam_lease.smoke_test.cidr}"
  }
}
