//! The resources that a survey excludes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::ipam::discovery::types::Exclusions;

use super::lists::Lists;

/// Removes resources that the survey excludes, and resources of other accounts: a subnet that is shared with this account
/// is in its list too, and is found in the account that owns it.
pub(super) fn remove_excluded(lists: &mut Lists, exclusions: &Exclusions, account: &str) {
    let mut filter = ExclusionFilter { exclusions, ids: exclusions.resource_ids.clone() };
    lists.vpcs.retain(|vpc| filter.keeps(&[vpc.vpc_id()], vpc.tags()));
    lists.subnets.retain(|subnet| filter.keeps(&[subnet.subnet_id(), subnet.vpc_id()], subnet.tags()));
    lists.interfaces.retain(|interface| {
        let instance = interface.attachment().and_then(ec2::NetworkInterfaceAttachment::instance_id);
        let ids = [interface.network_interface_id(), interface.subnet_id(), interface.vpc_id(), instance];
        filter.keeps(&ids, interface.tag_set())
    });
    lists.addresses.retain(|address| {
        let ids = [address.allocation_id(), address.network_interface_id(), address.subnet_id(), address.instance_id()];
        filter.keeps(&ids, address.tags())
    });
    lists.pools.retain(|pool| filter.keeps(&[pool.pool_id()], pool.tags()));
    lists.byoip.retain(|range| filter.keeps(&[range.pool_id(), range.cidr()], &[]));
    lists.vpcs.retain(|vpc| is_own(vpc.owner_id(), account));
    lists.subnets.retain(|subnet| is_own(subnet.owner_id(), account));
    lists.interfaces.retain(|interface| is_own(interface.owner_id(), account));
}

/// Whether the owner is not another account: it is this account, a service of AWS with a name such as `amazon-aws`, or not
/// reported.
fn is_own(owner: Option<&str>, account: &str) -> bool {
    owner.is_none_or(|owner| owner == account || owner.starts_with("amazon"))
}

struct ExclusionFilter<'a> {
    exclusions: &'a Exclusions,
    /// The IDs that the survey excludes, and those of resources that are excluded by their tags.
    ids: BTreeSet<String>,
}

impl ExclusionFilter<'_> {
    /// Whether a resource is kept. The first of `ids` is that of the resource, the others are those of the resources that
    /// contain it.
    fn keeps(&mut self, ids: &[Option<&str>], tags: &[ec2::Tag]) -> bool {
        let is_named = ids.iter().flatten().any(|id| self.ids.contains(*id));
        let is_tagged = tags.iter().any(|tag| {
            let value = tag.key().and_then(|key| self.exclusions.tags.get(key));
            value.is_some_and(|value| value == tag.value().unwrap_or_default())
        });
        if is_named || is_tagged {
            // The contents of the resource are excluded as well.
            self.ids.extend(ids.first().copied().flatten().map(str::to_owned));
        }
        !is_named && !is_tagged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111122223333";

    fn lists() -> Lists {
        let tag = |value: &str| ec2::Tag::builder().key("env").value(value).build();
        let vpc = |id: &str, env: &str| ec2::Vpc::builder().vpc_id(id).owner_id(OWN).tags(tag(env)).build();
        let subnet = |id: &str, vpc: &str, owner: &str| {
            ec2::Subnet::builder().subnet_id(id).vpc_id(vpc).owner_id(owner).tags(tag("none")).build()
        };
        let interface = |id: &str, subnet: &str, vpc: &str, instance: &str, owner: &str| {
            let attachment = ec2::NetworkInterfaceAttachment::builder().instance_id(instance).build();
            ec2::NetworkInterface::builder()
                .network_interface_id(id)
                .subnet_id(subnet)
                .vpc_id(vpc)
                .owner_id(owner)
                .attachment(attachment)
                .build()
        };
        let address = |id: &str, interface: &str| {
            ec2::Address::builder().allocation_id(id).network_interface_id(interface).build()
        };
        Lists {
            vpcs: vec![vpc("vpc-1", "prod"), vpc("vpc-2", "test")],
            subnets: vec![
                subnet("subnet-1", "vpc-1", OWN),
                subnet("subnet-2", "vpc-2", OWN),
                subnet("subnet-9", "vpc-9", "999999999999"),
            ],
            interfaces: vec![
                interface("eni-1", "subnet-1", "vpc-1", "i-1", OWN),
                interface("eni-2", "subnet-2", "vpc-2", "i-2", "amazon-aws"),
                interface("eni-9", "subnet-1", "vpc-1", "i-9", "999999999999"),
            ],
            addresses: vec![address("eipalloc-1", "eni-1"), address("eipalloc-2", "eni-2"), address("eipalloc-3", "")],
            ..Lists::default()
        }
    }

    fn left(exclusions: &Exclusions) -> String {
        let mut lists = lists();
        remove_excluded(&mut lists, exclusions, OWN);
        let ids = lists.vpcs.iter().map(ec2::Vpc::vpc_id);
        let ids = ids.chain(lists.subnets.iter().map(ec2::Subnet::subnet_id));
        let ids = ids.chain(lists.interfaces.iter().map(ec2::NetworkInterface::network_interface_id));
        ids.chain(lists.addresses.iter().map(ec2::Address::allocation_id)).flatten().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_exclusion_also_excludes_contents() {
        let all = "vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 eipalloc-1 eipalloc-2 eipalloc-3";
        assert_eq!(left(&Exclusions::default()), all, "resources of other accounts are removed");
        let tags = |value: &str| Exclusions { tags: [("env".into(), value.into())].into(), ..Exclusions::default() };
        assert_eq!(left(&tags("prod")), "vpc-2 subnet-2 eni-2 eipalloc-2 eipalloc-3");
        assert_eq!(left(&tags("stage")), all);
        for (id, rest) in [
            ("vpc-2", "vpc-1 subnet-1 eni-1 eipalloc-1 eipalloc-3"),
            ("subnet-2", "vpc-1 vpc-2 subnet-1 eni-1 eipalloc-1 eipalloc-3"),
            ("i-1", "vpc-1 vpc-2 subnet-1 subnet-2 eni-2 eipalloc-2 eipalloc-3"),
            ("eipalloc-3", "vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 eipalloc-1 eipalloc-2"),
        ] {
            let exclusions = Exclusions { resource_ids: [id.to_owned()].into(), ..Exclusions::default() };
            assert_eq!(left(&exclusions), rest, "{id}");
        }
    }
}
