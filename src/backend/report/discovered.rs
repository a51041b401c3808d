//! The results of discoveries in the report: blocks of resources as a tree, and public addresses.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Ask, Problem, Severity, Topic};
use crate::backend::observation::{
    ComplianceStatus, DiscoveryFilter, OverlapStatus, PublicAddress, ResourceCidr, ResourceFilter, SeenType,
};
use crate::backend::{Ipam, Result};
use crate::ipam::{Cidr, Error, Scope, ScopeType};

/// The results of discoveries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discovered {
    /// The time of the oldest result, where the backend knows it.
    pub oldest: Option<Timestamp>,
    /// The resources, each right before those inside it: a VPC, its subnets, their interfaces. Resources with problems
    /// come first.
    pub resources: Vec<DiscoveredResource>,
    /// The public addresses, by address.
    pub addresses: Vec<PublicAddress>,
}

/// A block of a resource, and its place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveredResource {
    /// The depth in the tree; 1 for a resource that is not inside another.
    pub level: usize,
    pub found: ResourceCidr,
}

impl DiscoveredResource {
    /// Whether the resource breaks a rule or shares addresses.
    pub fn is_wrong(&self) -> bool {
        is_wrong(&self.found)
    }
}

fn is_wrong(found: &ResourceCidr) -> bool {
    found.compliance == Some(ComplianceStatus::Noncompliant) || found.overlap == Some(OverlapStatus::Overlapping)
}

/// The refusal of a service is not an error of a report: the results belong to another account, which may not share
/// them.
fn unless_refused<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(Error::Service(fault)) => {
            tracing::info!(?fault, "the report goes without the results of discoveries");
            Ok(None)
        }
        Err(Error::Unsupported { .. } | Error::NoDiscovery) => Ok(None),
        answer => answer.map(Some),
    }
}

impl Discovered {
    /// `None` when there are no results.
    pub(super) fn gather(ipam: &dyn Ipam, ask: &Ask, scopes: &[Scope], pools: &[&str]) -> Result<Option<Self>> {
        let Some(observation) = ipam.observation() else { return Ok(None) };
        let filter = ResourceFilter { scope_id: ask.scope_id.clone(), ..ResourceFilter::default() };
        let Some(mut found) = unless_refused(observation.resource_cidrs(&filter))? else { return Ok(None) };
        if ask.pool_id.is_some() {
            found.retain(|one| one.pool_id.as_ref().is_some_and(|id| pools.contains(&id.as_str())));
        }
        let is_public =
            |id: &String| scopes.iter().any(|one| one.meta.id == *id && one.scope_type == ScopeType::Public);
        let has_addresses = ask.pool_id.is_none() && ask.scope_id.as_ref().is_none_or(is_public);
        let addresses = if has_addresses { addresses(ipam)? } else { Vec::new() };
        let oldest = unless_refused(observation.oldest_sample())?.flatten();
        if found.is_empty() && addresses.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { oldest, resources: tree(found), addresses }))
    }

    /// Addresses that cost money and are not in use.
    pub fn idle(&self) -> impl Iterator<Item = &PublicAddress> {
        self.addresses.iter().filter(|one| one.is_idle())
    }

    /// The number of addresses of each kind.
    pub fn by_kind(&self) -> BTreeMap<String, usize> {
        self.addresses.iter().fold(BTreeMap::new(), |mut counts, one| {
            *counts.entry(one.address_type.to_string()).or_default() += 1;
            counts
        })
    }

    /// The problems of the resources and addresses, in sentences.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.resources.iter().flat_map(|one| wrongs(&one.found)).collect();
        let idle: Vec<String> = self.idle().map(|one| one.address.to_string()).collect();
        if let [first, ..] = idle.as_slice() {
            let (word, verb) = if idle.len() == 1 { ("address", "is") } else { ("addresses", "are") };
            problems.push(Problem {
                severity: Severity::Note,
                topic: Topic::Idle,
                place: first.clone(),
                name: "Public addresses".to_owned(),
                what: format!(
                    "{} Elastic IP {word} {verb} not associated with anything, and can be released.",
                    idle.len()
                ),
            });
        }
        problems
    }
}

/// The addresses of every discovery, each once.
fn addresses(ipam: &dyn Ipam) -> Result<Vec<PublicAddress>> {
    let (Some(observation), Some(discoveries)) = (ipam.observation(), ipam.discoveries()) else {
        return Ok(Vec::new());
    };
    let mut found = BTreeMap::new();
    for discovery in unless_refused(discoveries.list())?.unwrap_or_default() {
        let filter = DiscoveryFilter { discovery_id: Some(discovery.id), region: None };
        let seen = unless_refused(observation.discovered_public_addresses(&filter))?;
        for one in seen.into_iter().flat_map(|seen| seen.items) {
            found.insert((one.address, one.region.clone()), one);
        }
    }
    Ok(found.into_values().collect())
}

fn wrongs(found: &ResourceCidr) -> Vec<Problem> {
    let account = found.owner_id.as_deref().map(|owner| format!("account {owner}, ")).unwrap_or_default();
    let name = format!("{} {} ({account}{})", found.resource_id, found.cidr, found.region);
    let problem = |topic, what| Problem {
        severity: Severity::Error,
        topic,
        place: found.resource_id.clone(),
        name: name.clone(),
        what,
    };
    let mut problems = Vec::new();
    if found.overlap == Some(OverlapStatus::Overlapping) {
        let what = match found.overlaps_with.as_slice() {
            [] => "It shares addresses with another resource in its scope.".to_owned(),
            others => format!("It shares addresses with {}.", others.join(", ")),
        };
        problems.push(problem(Topic::Overlap, what));
    }
    if found.compliance == Some(ComplianceStatus::Noncompliant) {
        let what = match found.reasons.as_slice() {
            [] => "It does not comply with the rules of its pool.".to_owned(),
            reasons => reasons.join(" "),
        };
        problems.push(problem(Topic::Compliance, what));
    }
    problems
}

/// Sorts resources so that each comes right before those inside it.
fn tree(found: Vec<ResourceCidr>) -> Vec<DiscoveredResource> {
    let parents = parents(&found);
    let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (position, parent) in parents.iter().enumerate() {
        below.entry(*parent).or_default().push(position);
    }
    // Whether a resource, or one inside it, has a problem.
    let mut faulty: Vec<bool> = found.iter().map(is_wrong).collect();
    for position in 0..found.len() {
        let mut above = parents[position];
        while let Some(parent) = above.filter(|parent| faulty[position] && !faulty[*parent]) {
            faulty[parent] = true;
            above = parents[parent];
        }
    }
    let mut order = Vec::with_capacity(found.len());
    let sorted = |positions: Option<&Vec<usize>>| {
        let mut positions = positions.cloned().unwrap_or_default();
        positions.sort_by_key(|position| (!faulty[*position], found[*position].cidr));
        positions
    };
    let mut open: Vec<(usize, usize)> =
        sorted(below.get(&None)).into_iter().rev().map(|position| (position, 1)).collect();
    while let Some((position, level)) = open.pop() {
        order.push((position, level));
        open.extend(sorted(below.get(&Some(position))).into_iter().rev().map(|inner| (inner, level + 1)));
    }
    let mut found: Vec<Option<ResourceCidr>> = found.into_iter().map(Some).collect();
    let take =
        |(position, level): (usize, usize)| found[position].take().map(|found| DiscoveredResource { level, found });
    order.into_iter().filter_map(take).collect()
}

/// A VPC, its Region and scope, and a kind of resource in the VPC.
type Within<'a> = (&'a str, &'a str, &'a str, SeenType);

/// The parent of each resource: the VPC of a subnet, and the smallest subnet around any other resource.
fn parents(found: &[ResourceCidr]) -> Vec<Option<usize>> {
    // Grouped by VPC, because several VPCs may have the same blocks.
    let mut around: BTreeMap<Within<'_>, Vec<(Cidr, usize)>> = BTreeMap::new();
    for (position, one) in found.iter().enumerate() {
        if let (SeenType::Vpc | SeenType::Subnet, Some(vpc_id)) = (one.resource_type, &one.vpc_id) {
            let key = (vpc_id.as_str(), one.region.as_str(), one.scope_id.as_str(), one.resource_type);
            around.entry(key).or_default().push((one.cidr, position));
        }
    }
    for list in around.values_mut() {
        list.sort_by_key(|(cidr, _)| (cidr.first(), cidr.netmask_length()));
    }
    let inside = |one: &ResourceCidr, kind: SeenType| -> Option<usize> {
        let list = around.get(&(one.vpc_id.as_deref()?, one.region.as_str(), one.scope_id.as_str(), kind))?;
        let end = list.partition_point(|(cidr, _)| cidr.first() <= one.cidr.first());
        list[..end].iter().rev().find(|(cidr, _)| cidr.contains(&one.cidr)).map(|(_, position)| *position)
    };
    let parent = |one: &ResourceCidr| match one.resource_type {
        SeenType::Vpc => None,
        SeenType::Subnet => inside(one, SeenType::Vpc),
        _ => inside(one, SeenType::Subnet).or_else(|| inside(one, SeenType::Vpc)),
    };
    found.iter().map(parent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: SeenType, id: &str, cidr: &str, vpc: &str) -> ResourceCidr {
        ResourceCidr {
            scope_id: "scope".into(),
            pool_id: None,
            region: "us-east-1".into(),
            owner_id: Some("111122223333".into()),
            resource_id: id.into(),
            resource_name: None,
            resource_type: kind,
            cidr: cidr.parse().unwrap(),
            tags: crate::ipam::Tags::new(),
            usage: None,
            compliance: None,
            management: None,
            overlap: Some(OverlapStatus::Nonoverlapping),
            reasons: Vec::new(),
            overlaps_with: Vec::new(),
            vpc_id: Some(vpc.into()),
            availability_zone_id: None,
        }
    }

    #[test]
    fn a_vpc_comes_before_its_subnets_and_a_subnet_before_its_interfaces_problems_first() {
        let mut wrong = one(SeenType::Subnet, "subnet-b", "10.1.1.0/24", "vpc-b");
        wrong.overlap = Some(OverlapStatus::Overlapping);
        let found = vec![
            one(SeenType::Vpc, "vpc-a", "10.0.0.0/16", "vpc-a"),
            one(SeenType::Subnet, "subnet-a", "10.0.1.0/24", "vpc-a"),
            one(SeenType::Eni, "eni-a", "10.0.1.5/32", "vpc-a"),
            one(SeenType::Eni, "eni-stray", "10.0.9.5/32", "vpc-a"),
            one(SeenType::Vpc, "vpc-b", "10.1.0.0/16", "vpc-b"),
            one(SeenType::Vpc, "vpc-b", "10.2.0.0/16", "vpc-b"),
            one(SeenType::Subnet, "subnet-c", "10.1.0.0/24", "vpc-b"),
            wrong,
            one(SeenType::Subnet, "subnet-d", "10.2.0.0/24", "vpc-b"),
        ];
        let shown: Vec<String> = tree(found)
            .iter()
            .map(|one| format!("{} {} {}", one.level, one.found.resource_id, one.found.cidr))
            .collect();
        assert_eq!(
            shown,
            [
                "1 vpc-b 10.1.0.0/16",
                "2 subnet-b 10.1.1.0/24",
                "2 subnet-c 10.1.0.0/24",
                "1 vpc-a 10.0.0.0/16",
                "2 subnet-a 10.0.1.0/24",
                "3 eni-a 10.0.1.5/32",
                "2 eni-stray 10.0.9.5/32",
                "1 vpc-b 10.2.0.0/16",
                "2 subnet-d 10.2.0.0/24",
            ]
        );
    }

    #[test]
    fn overlaps_violations_and_idle_addresses_are_problems_in_words() {
        let mut wrong = one(SeenType::Vpc, "vpc-a", "10.0.0.0/16", "vpc-a");
        wrong.overlap = Some(OverlapStatus::Overlapping);
        wrong.overlaps_with = vec!["vpc vpc-b (10.0.0.0/8)".into()];
        wrong.compliance = Some(ComplianceStatus::Noncompliant);
        wrong.reasons = vec!["It is too large.".into(), "The tag env is missing.".into()];
        let discovered = Discovered { resources: tree(vec![wrong]), ..Discovered::default() };
        let problems: Vec<_> = discovered.problems().into_iter().map(|one| (one.topic, one.name, one.what)).collect();
        let name = "vpc-a 10.0.0.0/16 (account 111122223333, us-east-1)".to_owned();
        let overlap = "It shares addresses with vpc vpc-b (10.0.0.0/8).".to_owned();
        let rules = "It is too large. The tag env is missing.".to_owned();
        assert_eq!(problems, [(Topic::Overlap, name.clone(), overlap), (Topic::Compliance, name, rules)]);
    }
}
