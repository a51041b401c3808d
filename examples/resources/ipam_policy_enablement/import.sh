# What counts for the account of the provider, by the id of the policy.
terraform import ipam_policy_enablement.own_account ipam-policy-0123456789abcdef0

# What counts for another target, by the ids of the policy and the target with _ between.
terraform import ipam_policy_enablement.unit ipam-policy-0123456789abcdef0_ou-ab12-cd34ef56
