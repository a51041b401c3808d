//! Sentences about what was seen in accounts.

use crate::ipam::Untreatable;
use crate::ipam::seen::ResourceCidrId;

/// How many discoveries are named.
const NAMED: usize = 10;

pub(super) fn no_locale() -> (String, String) {
    (
        "auto_import needs a locale".to_owned(),
        "A pool imports what is seen in one Region, and this one says none. Give it that Region as `locale`, or leave \
         `auto_import` out."
            .to_owned(),
    )
}

pub(super) fn none() -> (String, String) {
    (
        "Nobody looks into accounts".to_owned(),
        "This store has no resource discovery, so nothing was seen. Add an `ipam_resource_discovery`, apply it, and run \
         the `discover` command."
            .to_owned(),
    )
}

pub(super) fn many(there: &[(String, String)]) -> (String, String) {
    let mut lines: Vec<String> = there
        .iter()
        .take(NAMED)
        .map(|(id, name)| if name.is_empty() { format!("  - {id}") } else { format!("  - {id} ({name:?})") })
        .collect();
    if there.len() > NAMED {
        lines.push(format!("  - and {} more", there.len() - NAMED));
    }
    (
        "There are several resource discoveries".to_owned(),
        format!("Name the one that is meant by its id:\n{}", lines.join("\n")),
    )
}

pub(super) fn untreatable(of: &ResourceCidrId, why: Untreatable) -> (String, String) {
    let ResourceCidrId { resource_id, cidr, region } = of;
    match why {
        Untreatable::NotSeen => (
            format!("{resource_id} was not seen with {cidr}"),
            format!(
                "No resource discovery has seen {resource_id} with {cidr} in {region}. Check the three, and run the \
                 `discover` command: what was made since the last time is seen then."
            ),
        ),
        Untreatable::Public => (
            format!("{cidr} is public space"),
            format!(
                "{resource_id} has {cidr} in the public scope, and what is there is neither ignored nor moved. Leave the \
                 resource out."
            ),
        ),
        Untreatable::NotVpc => (
            "Only blocks of VPCs move".to_owned(),
            format!(
                "{resource_id} is no VPC: what is in a VPC moves to another scope together with the block of that VPC. \
                 Leave `ipam_scope_id` out, or move the VPC's block."
            ),
        ),
        Untreatable::PublicScope => (
            format!("{cidr} cannot move to a public scope"),
            format!("{resource_id} has {cidr} in a private scope. Set `ipam_scope_id` to a private scope."),
        ),
    }
}
