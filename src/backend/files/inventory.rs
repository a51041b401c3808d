//! Makes lines of the networks that another system exported.

use std::collections::BTreeMap;

use crate::ipam::Cidr;
use crate::ipam::discovery::types::SeenType;
use crate::sources::join::join;
use crate::sources::layout::{Layout, Options};
use crate::sources::{Inventory, Mistake, Network, ResourceKind, Role, SourceFile};

use super::row::{Fields, Lines};

/// The networks of a file, one line for each.
///
/// # Errors
/// All mistakes of the file.
pub(super) fn rows(layout: Layout, file: &SourceFile<'_>) -> Result<Lines<'static>, Vec<Mistake>> {
    let mut inventories = [layout.read(file, &Options::default())];
    join(&mut inventories);
    let [Inventory { networks, mistakes, left_out, .. }] = inventories;
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let divided = divided(&networks);
    let resources = networks.into_iter().zip(divided).filter(|(network, is_divided)| is_in_use(network, *is_divided));
    let lines: Vec<_> = resources.map(|(network, _)| Ok(fields(network))).collect();
    let warnings = left_out.into_iter().map(|one| match one.line {
        Some(line) => format!("line {line}: {}", one.words),
        None => one.words,
    });
    Ok(Lines { warnings: warnings.collect(), lines: Box::new(lines.into_iter()) })
}

/// Whether addresses of a network are in use as a whole. Pools are space for others, and so are networks with smaller
/// ones in them; only a resource of a cloud has its block for itself.
fn is_in_use(network: &Network, is_divided: bool) -> bool {
    match network.role {
        _ if network.resource.is_some() => network.role != Role::Pool,
        Role::Pool => false,
        Role::Network => !is_divided,
        Role::Allocation | Role::Reserved | Role::Address => true,
    }
}

/// For each network, whether a smaller one of the same scope is in it.
fn divided(networks: &[Network]) -> Vec<bool> {
    let mut by_scope: BTreeMap<Option<&str>, Vec<(Cidr, usize)>> = BTreeMap::new();
    for (index, network) in networks.iter().enumerate() {
        if matches!(network.role, Role::Pool | Role::Allocation | Role::Network) {
            by_scope.entry(network.scope.as_deref()).or_default().push((network.cidr, index));
        }
    }
    let mut divided = vec![false; networks.len()];
    for of_scope in by_scope.values_mut() {
        // Large blocks come before those in them, so the next block that is not equal is inside, or nothing is.
        of_scope.sort_by_key(|(cidr, _)| (cidr.family(), cidr.first(), cidr.netmask_length()));
        for (position, (cidr, index)) in of_scope.iter().enumerate() {
            let next = of_scope[position..].iter().find(|(other, _)| other != cidr);
            divided[*index] = next.is_some_and(|(other, _)| cidr.contains(other));
        }
    }
    divided
}

fn fields(network: Network) -> Fields {
    let resource = network.resource;
    let kind = match resource.as_ref().map(|resource| resource.kind) {
        Some(ResourceKind::Vpc) => SeenType::Vpc,
        Some(ResourceKind::Subnet) => SeenType::Subnet,
        Some(ResourceKind::Other) | None => SeenType::Other,
    };
    let vpc_id = resource.as_ref().and_then(|resource| resource.vpc_id.clone());
    let texts = [
        ("cidr", Some(network.cidr.to_string())),
        ("resource_type", Some(kind.to_string())),
        ("resource_id", resource.map(|resource| resource.id)),
        ("vpc_id", vpc_id),
        ("name", network.name),
        ("description", network.description),
        // Two routing domains may have the same block.
        ("account", network.account.or(network.scope)),
        ("region", network.region),
    ];
    let texts = texts.into_iter().filter_map(|(column, text)| Some((column, text.filter(|text| !text.is_empty())?)));
    Fields { line: network.line, texts: texts.collect(), tags: network.tags, ..Fields::default() }
}
