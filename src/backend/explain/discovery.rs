//! The texts for errors about discovered resources.

use crate::ipam::Untreatable;
use crate::ipam::discovery::types::ResourceCidrId;

/// The maximum number of discoveries that a text names.
const NAMED: usize = 10;

pub(super) fn no_locale() -> (String, String) {
    (
        "auto_import needs a locale".to_owned(),
        "A pool imports discovered resources from one Region, its `locale`, and this pool has no locale. Set `locale` \
         to that Region, or leave `auto_import` out."
            .to_owned(),
    )
}

pub(super) fn none() -> (String, String) {
    (
        "The store has no resource discovery".to_owned(),
        "Without a resource discovery, no resources are found. Add an `ipam_resource_discovery`, apply it, and run the \
         `discover` command."
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
    ("There are several resource discoveries".to_owned(), format!("Give the id of one of them:\n{}", lines.join("\n")))
}

pub(super) fn untreatable(of: &ResourceCidrId, why: Untreatable) -> (String, String) {
    let ResourceCidrId { resource_id, cidr, region } = of;
    match why {
        Untreatable::NotSeen => (
            format!("{resource_id} was not found with {cidr}"),
            format!(
                "No resource discovery has found {resource_id} with {cidr} in {region}. Check the id, the CIDR and the \
                 Region. If the resource is newer than the last scan, run the `discover` command."
            ),
        ),
        Untreatable::Public => (
            format!("{cidr} is public space"),
            format!(
                "{resource_id} has {cidr} in the public scope. CIDRs in the public scope cannot be ignored or moved. \
                 Remove the `ipam_resource_cidr`."
            ),
        ),
        Untreatable::NotVpc => (
            "Only the CIDR of a VPC can move".to_owned(),
            format!(
                "{resource_id} is not a VPC. The CIDRs inside a VPC move to another scope together with the CIDR of \
                 that VPC. Leave `ipam_scope_id` out, or move the CIDR of the VPC."
            ),
        ),
        Untreatable::PublicScope => (
            format!("{cidr} cannot move to a public scope"),
            format!("{resource_id} has {cidr} in a private scope. Set `ipam_scope_id` to a private scope."),
        ),
    }
}
