//! JSON of the AWS command line: `aws ec2 describe-ipam-pools`, `get-ipam-pool-cidrs`, `get-ipam-pool-allocations`,
//! `describe-ipam-scopes`, `describe-vpcs` and `describe-subnets`. One file may have the answers of several commands.
//!
//! The answers about the CIDRs and the allocations of a pool do not name the pool, and those about VPCs do not name the
//! Region: the name of the file does, or a member that the user adds.

mod ec2;
mod ipam;
mod place;

use super::fields::utf8;
use super::object::{Object, each};
use super::{Inventory, Mistake, SourceFile};
use place::Place;

/// The lists that the commands print.
const LISTS: [&str; 6] = ["IpamPools", "IpamPoolCidrs", "IpamPoolAllocations", "IpamScopes", "Vpcs", "Subnets"];

/// Members beside the lists. `IpamPoolId` and `Region` are for the user to add.
const BESIDES: [&str; 3] = ["NextToken", "IpamPoolId", "Region"];

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    let Ok(object) = utf8(bytes).and_then(Object::in_text) else { return false };
    LISTS.iter().any(|list| object.get(list).is_some_and(|node| node.elements().is_some()))
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    if let Err(mistake) = fill(&mut inventory, file) {
        inventory.mistakes.push(mistake);
    }
    inventory
}

fn fill(inventory: &mut Inventory, file: &SourceFile<'_>) -> Result<(), Mistake> {
    let object = Object::in_text(utf8(file.bytes)?)?;
    let known = |name: &&str| LISTS.contains(name) || BESIDES.contains(name);
    let others = object.names().filter(|name| !known(name)).count();
    if others == object.names().count() {
        let words =
            format!("it is not a list that the AWS command line prints: none of {} is in it.", LISTS.join(", "));
        return Err(Mistake::of_all(words));
    }
    if others > 0 {
        let words = format!("{others} members beside {} are not read.", LISTS.join(", "));
        inventory.left_out.push(Mistake::of_all(words));
    }
    if let Some(token) = object.get("NextToken") {
        let words = "the list goes on: `NextToken` is not empty. Export without `--max-items` and `--no-paginate`.";
        inventory.mistakes.push(Mistake::on(token.line, words));
    }
    let place = Place::of(&object, file.name)?;
    each(inventory, object.list("IpamScopes")?, ipam::scope);
    each(inventory, object.list("IpamPools")?, ipam::pool);
    each(inventory, object.list("IpamPoolCidrs")?, |inventory, cidr| ipam::pool_cidr(inventory, cidr, &place));
    each(inventory, object.list("IpamPoolAllocations")?, |inventory, one| ipam::allocation(inventory, one, &place));
    each(inventory, object.list("Vpcs")?, |inventory, vpc| ec2::vpc(inventory, vpc, &place));
    each(inventory, object.list("Subnets")?, |inventory, subnet| ec2::subnet(inventory, subnet, &place));
    Ok(())
}

#[cfg(test)]
mod tests;
