//! A configuration of what was moved: one file for each scope, and `import` blocks.
//!
//! The files describe the store and not the design, so that the next plan changes nothing. Above each resource, a comment
//! has the id of its object. A later run reads these comments, so that every object keeps its address in the state, and
//! an object that no file has any more keeps its resource.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::hcl::{Lines, label, quoted};
use super::types::Migration;
use crate::ADDRESS;
use crate::ipam::{AddressSet, Allocation, Cidr, Family, Pool, Provision, Scope, Size, Strategy, Tags};

/// The file of the default private scope, and how the others begin.
const FILE: &str = "addresses";
/// The file with the `import` blocks.
pub const IMPORTS: &str = "imports.tf";
/// The file with the provider.
pub const VERSIONS: &str = "versions.tf";
/// What begins the comment with an id.
const ID: &str = "# ";

/// What begins a file that `migrate` wrote; a checksum of the rest follows.
const MARK: &str = "# Written by terraform-provider-ipam migrate. Checksum of the rest: ";

/// The text of a file behind the line that says who wrote it.
pub fn marked(text: &str) -> String {
    let rest = format!("\n{text}");
    format!("{MARK}{}\n{rest}", checksum(&rest))
}

/// Whether `migrate` wrote the file, which may have been changed since.
pub fn is_marked(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Whether `migrate` wrote the file, and the file did not change since.
pub fn is_untouched(text: &str) -> bool {
    let rest = text.strip_prefix(MARK).and_then(|rest| rest.split_once('\n'));
    rest.is_some_and(|(sum, rest)| sum == checksum(rest))
}

fn checksum(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The addresses of resources that an earlier run wrote, by the ids of their objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier(BTreeMap<String, (String, String)>);

impl Earlier {
    /// Adds the resources in the text of a file.
    pub fn read(&mut self, text: &str) {
        let mut id = None;
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix(ID) {
                id = Some(comment.trim().to_owned());
            } else if let Some((of, label)) = resource(line) {
                self.0.extend(id.take().map(|id| (id, (of.to_owned(), label.to_owned()))));
            } else {
                id = None;
            }
        }
    }

    /// The ids of all objects.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The type and the label in the first line of a resource.
fn resource(line: &str) -> Option<(&str, &str)> {
    let (of, rest) = line.strip_prefix("resource \"")?.split_once("\" \"")?;
    Some((of, rest.strip_suffix("\" {")?))
}

/// Objects that are written.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Scopes. The default scope has no resource.
    pub scopes: Vec<Scope>,
    /// Pools, with parents first.
    pub pools: Vec<Pool>,
    /// Allocations.
    pub allocations: Vec<Allocation>,
}

impl Objects {
    /// The objects of a migration. `more`: objects that earlier runs wrote and no file has any more.
    pub fn of(migration: &Migration, more: Self) -> Self {
        let mut objects = more;
        objects.scopes.extend(migration.scopes.iter().flatten().map(|moved| moved.record.clone()));
        let as_pools = migration.as_pools.values();
        objects.pools.extend(migration.pools.iter().flatten().chain(as_pools).map(|moved| moved.record.clone()));
        objects.allocations.extend(migration.allocations.iter().flatten().map(|moved| moved.record.clone()));
        objects.settle();
        objects
    }

    /// Each object once, in an order that does not depend on ids: by depth, and by block.
    fn settle(&mut self) {
        let mut seen = BTreeSet::new();
        self.scopes.retain(|scope| seen.insert(scope.meta.id.clone()));
        self.pools.retain(|pool| seen.insert(pool.meta.id.clone()));
        self.allocations.retain(|allocation| seen.insert(allocation.meta.id.clone()));
        self.scopes.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        self.pools.sort_by_key(|pool| (pool.depth, pool.cidrs.iter().next().copied(), pool.meta.name.clone()));
        self.allocations.sort_by(|a, b| (a.cidr, &a.meta.name).cmp(&(b.cidr, &b.meta.name)));
    }
}

/// The texts of all files, by name. `owner`: the argument of the provider, if it is not the default one.
pub fn files(objects: &Objects, earlier: &Earlier, owner: Option<&str>) -> BTreeMap<String, String> {
    let labels = Labels::of(objects, earlier);
    let writer = Writer { objects, labels };
    let mut files = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for scope in &objects.scopes {
        let text = writer.scope(scope);
        if !text.is_empty() {
            files.insert(file_of(scope, &mut taken), text);
        }
    }
    files.insert(IMPORTS.to_owned(), writer.imports());
    files.insert(VERSIONS.to_owned(), versions(owner));
    files
}

fn file_of(scope: &Scope, taken: &mut BTreeSet<String>) -> String {
    if scope.is_default {
        return format!("{FILE}.tf");
    }
    let wished = format!("{FILE}_{}", label(&scope.meta.name));
    let mut name = wished.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wished}_{number}");
        number += 1;
    }
    format!("{name}.tf")
}

fn versions(owner: Option<&str>) -> String {
    let source = ADDRESS.split_once('/').map_or(ADDRESS, |(_, name)| name);
    let mut provider = Lines::default();
    provider.maybe("owner", owner);
    let required = format!(
        "terraform {{\n  required_providers {{\n    ipam = {{\n      source = {}\n    }}\n  }}\n}}\n",
        quoted(source)
    );
    let note = "# The store is in the environment variable IPAM_STORE, so that no password is in a file.\n";
    format!("{required}\n{note}{}", provider.block("provider \"ipam\""))
}

/// The labels of all resources, by id.
struct Labels(BTreeMap<String, (&'static str, String)>);

/// The type of a resource, the id of its object, and the labels that it may have, the best one first.
type Wish<'a> = (&'static str, &'a str, Vec<String>);

impl Labels {
    fn of(objects: &Objects, earlier: &Earlier) -> Self {
        let pool_names: BTreeMap<&str, &str> =
            objects.pools.iter().map(|pool| (pool.meta.id.as_str(), pool.meta.name.as_str())).collect();
        let in_pool = |id: Option<&str>, name: &str| {
            let pool = id.and_then(|id| pool_names.get(id)).copied();
            pool.map(|pool| label(&format!("{pool} {name}")))
        };
        let scopes = objects.scopes.iter().filter(|scope| !scope.is_default);
        let scopes = scopes.map(|scope| ("ipam_scope", scope.meta.id.as_str(), vec![label(&scope.meta.name)]));
        let pools = objects.pools.iter().map(|pool| {
            let longer = in_pool(pool.source_pool_id.as_deref(), &pool.meta.name);
            let block = pool.cidrs.iter().next().map(|cidr| label(&format!("{} {cidr}", pool.meta.name)));
            let wishes = [label(&pool.meta.name)].into_iter().chain(longer).chain(block).collect();
            ("ipam_pool", pool.meta.id.as_str(), wishes)
        });
        let allocations = objects.allocations.iter().map(|one| {
            let longer = in_pool(Some(&one.pool_id), &one.meta.name);
            let block = label(&format!("{} {}", one.meta.name, one.cidr));
            let wishes = [label(&one.meta.name)].into_iter().chain(longer).chain([block]).collect();
            ("ipam_allocation", one.meta.id.as_str(), wishes)
        });
        let first: Vec<Wish<'_>> = scopes.chain(pools).chain(allocations).collect();
        let mut labels = Self(BTreeMap::new());
        labels.choose(&first, earlier);
        let sets = sets(objects).map(|(allocation, id, set)| {
            let around = labels.0.get(&allocation.meta.id).map_or("", |(_, label)| label.as_str());
            ("ipam_address_set", id, vec![label(around), label(&format!("{around} {}", set.name))])
        });
        let sets: Vec<Wish<'_>> = sets.collect();
        labels.choose(&sets, earlier);
        labels
    }

    /// Gives each resource a label. One that an earlier run wrote keeps its label. A label that several resources want
    /// most goes to none of them.
    fn choose(&mut self, wishes: &[Wish<'_>], earlier: &Earlier) {
        let mut taken: BTreeSet<(&str, String)> = BTreeSet::new();
        for (of, id, _) in wishes {
            if let Some((_, label)) = earlier.0.get(*id).filter(|(known, _)| known == of) {
                taken.insert((of, label.clone()));
                self.0.insert((*id).to_owned(), (of, label.clone()));
            }
        }
        let levels = wishes.iter().map(|(_, _, labels)| labels.len()).max().unwrap_or_default();
        for level in 0..levels {
            let open: Vec<_> = wishes.iter().filter(|(_, id, _)| !self.0.contains_key(*id)).collect();
            let mut count: BTreeMap<(&str, &String), usize> = BTreeMap::new();
            for (of, _, labels) in &open {
                if let Some(label) = labels.get(level) {
                    *count.entry((of, label)).or_default() += 1;
                }
            }
            for (of, id, labels) in &open {
                let Some(label) = labels.get(level).filter(|label| count.get(&(*of, *label)) == Some(&1)) else {
                    continue;
                };
                if taken.insert((of, label.clone())) {
                    self.0.insert((*id).to_owned(), (of, label.clone()));
                }
            }
        }
        for (of, id, labels) in wishes {
            let wished = labels.last().cloned().unwrap_or_default();
            let mut number = 2;
            while !self.0.contains_key(*id) {
                let label = format!("{wished}_{number}");
                if taken.insert((of, label.clone())) {
                    self.0.insert((*id).to_owned(), (of, label));
                }
                number += 1;
            }
        }
    }
}

/// The address sets with addresses, with their allocations.
fn sets(objects: &Objects) -> impl Iterator<Item = (&Allocation, &str, &AddressSet)> {
    let all = objects.allocations.iter().flat_map(|one| one.address_sets.iter().map(move |(id, set)| (one, id, set)));
    all.filter(|(_, _, set)| set.is_active()).map(|(one, id, set)| (one, id.as_str(), set))
}

struct Writer<'a> {
    objects: &'a Objects,
    labels: Labels,
}

impl Writer<'_> {
    /// The `id` of a resource as an expression.
    fn reference(&self, id: &str) -> String {
        match self.labels.0.get(id) {
            Some((of, label)) => format!("{of}.{label}.id"),
            // It is managed elsewhere.
            None => quoted(id),
        }
    }

    fn resource(&self, id: &str, lines: &Lines) -> String {
        let Some((of, label)) = self.labels.0.get(id) else { return String::new() };
        format!("\n{ID}{id}\n{}", lines.block(&format!("resource {} {}", quoted(of), quoted(label))))
    }

    /// Everything in a scope; nothing for an empty default scope.
    fn scope(&self, scope: &Scope) -> String {
        let mut text = String::new();
        if !scope.is_default {
            let mut lines = Lines::default();
            lines.text("name", &scope.meta.name);
            lines.maybe("description", scope.description.as_deref());
            tags(&mut lines, &scope.tags);
            text += &self.resource(&scope.meta.id, &lines);
        }
        let mut in_pool: BTreeMap<&str, Vec<&Allocation>> = BTreeMap::new();
        for allocation in &self.objects.allocations {
            in_pool.entry(&allocation.pool_id).or_default().push(allocation);
        }
        for pool in self.objects.pools.iter().filter(|pool| pool.scope_id == scope.meta.id) {
            text += &self.resource(&pool.meta.id, &self.pool(pool, scope));
            for allocation in in_pool.get(pool.meta.id.as_str()).into_iter().flatten() {
                text += &self.resource(&allocation.meta.id, &self.allocation(allocation));
                for (id, set) in allocation.address_sets.iter().filter(|(_, set)| set.is_active()) {
                    text += &self.resource(id, &self.address_set(allocation, set));
                }
            }
        }
        text.trim_start().to_owned()
    }

    fn pool(&self, pool: &Pool, scope: &Scope) -> Lines {
        let mut lines = Lines::default();
        lines.text("name", &pool.meta.name);
        match &pool.source_pool_id {
            Some(source) => lines.expression("source_ipam_pool_id", self.reference(source)),
            None if scope.is_default => {}
            None => lines.expression("ipam_scope_id", self.reference(&scope.meta.id)),
        }
        lines.maybe("description", pool.description.as_deref());
        lines.maybe("locale", pool.locale.as_deref());
        match &pool.provision {
            Provision::Cidrs(cidrs) => lines.list("cidrs", &texts(cidrs)),
            Provision::NetmaskLength(length) => lines.expression("netmask_length", length.to_string()),
            Provision::Nothing => lines.text("address_family", &pool.address_family.to_string()),
        }
        rules(&mut lines, pool);
        tags(&mut lines, &pool.tags);
        lines
    }

    fn allocation(&self, allocation: &Allocation) -> Lines {
        let mut lines = Lines::default();
        lines.expression("ipam_pool_id", self.reference(&allocation.pool_id));
        lines.text("name", &allocation.meta.name);
        lines.maybe("description", allocation.description.as_deref());
        match allocation.size {
            Size::Cidr(_) => lines.text("cidr", &allocation.cidr.to_string()),
            Size::NetmaskLength(length) => lines.expression("netmask_length", length.to_string()),
            Size::Default => {}
        }
        lines.list("disallowed_cidrs", &texts(&allocation.disallowed_cidrs));
        if let Some(loan) = allocation.lifetime.loan {
            match (loan.ttl_ms, loan.expires_at) {
                (Some(ttl), _) => lines.text("ttl", &seconds(ttl)),
                (None, Some(end)) => lines.text("expires_at", &end.to_string()),
                (None, None) => {}
            }
        }
        if allocation.lifetime.prevent_release {
            lines.expression("prevent_release", "true");
        }
        tags(&mut lines, &allocation.tags);
        lines
    }

    fn address_set(&self, allocation: &Allocation, set: &AddressSet) -> Lines {
        let id = match allocation.cidr.family() {
            Family::Ipv4 => "ipv4_allocation_id",
            Family::Ipv6 => "ipv6_allocation_id",
        };
        let mut lines = Lines::default();
        lines.expression(id, self.reference(&allocation.meta.id));
        lines.text("name", &set.name);
        // The import of a set has members without addresses. They keep the addresses that they have.
        let member = |(name, at): (&String, &IpAddr)| (name.clone(), format!("{{}} # {at}"));
        lines.map("members", &set.addresses.iter().map(member).collect::<Vec<_>>());
        lines
    }

    fn imports(&self) -> String {
        let scopes = self.objects.scopes.iter().filter(|scope| !scope.is_default).map(|scope| &scope.meta.id);
        let pools = self.objects.pools.iter().map(|pool| &pool.meta.id);
        let allocations = self.objects.allocations.iter().map(|allocation| &allocation.meta.id);
        let plain = scopes.chain(pools).chain(allocations).map(|id| (id.as_str(), id.clone()));
        // By its allocation, a set is found without a look at all the others.
        let sets = sets(self.objects).map(|(one, id, set)| (id, format!("{}/{}", one.meta.id, set.name)));
        let block = |(id, import): (&str, String)| {
            let (of, label) = self.labels.0.get(id)?;
            let mut lines = Lines::default();
            lines.expression("to", format!("{of}.{label}"));
            lines.text("id", &import);
            Some(lines.block("import"))
        };
        let blocks: Vec<String> = plain.chain(sets).filter_map(block).collect();
        format!("# After the apply, this file can be deleted.\n\n{}", blocks.join("\n"))
    }
}

fn texts(cidrs: &BTreeSet<Cidr>) -> Vec<String> {
    cidrs.iter().map(ToString::to_string).collect()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}s", milliseconds / 1000)
}

fn tags(lines: &mut Lines, tags: &Tags) {
    lines.map("tags", &tags.iter().map(|(key, value)| (key.clone(), quoted(value))).collect::<Vec<_>>());
}

fn rules(lines: &mut Lines, pool: &Pool) {
    let rules = &pool.rules;
    for (name, length) in [
        ("allocation_min_netmask_length", rules.min_netmask_length),
        ("allocation_max_netmask_length", rules.max_netmask_length),
        ("allocation_default_netmask_length", rules.default_netmask_length),
    ] {
        if let Some(length) = length {
            lines.expression(name, length.to_string());
        }
    }
    if pool.strategy != Strategy::default() {
        lines.text("allocation_strategy", &pool.strategy.to_string());
    }
    if pool.special.auto_import {
        lines.expression("auto_import", "true");
    }
    for (name, count) in [("reserve_first", rules.reserve_first), ("reserve_last", rules.reserve_last)] {
        if count > 0 {
            lines.expression(name, count.to_string());
        }
    }
    if rules.quarantine_ms > 0 {
        lines.text("quarantine", &seconds(rules.quarantine_ms));
    }
    lines.list("reserved_cidrs", &texts(&rules.reserved_cidrs));
    lines.list("draining_cidrs", &texts(&rules.draining_cidrs));
    let priorities = rules.cidr_priorities.iter().map(|(cidr, number)| (cidr.to_string(), number.to_string()));
    lines.map("cidr_priorities", &priorities.collect::<Vec<_>>());
    let required = rules.required_tags.iter().map(|(key, value)| (key.clone(), quoted(value)));
    lines.map("allocation_resource_tags", &required.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_known() {
        let text = marked("resource\n");
        assert!(is_marked(&text) && is_untouched(&text));
        let changed = format!("{text}# mine\n");
        assert!(is_marked(&changed) && !is_untouched(&changed));
        assert!(!is_marked("resource\n"));
    }

    #[test]
    fn resources_of_an_earlier_run_are_found_by_their_ids() {
        let mut earlier = Earlier::default();
        earlier.read("# ipam-pool-1\nresource \"ipam_pool\" \"corp\" {\n  name = \"x\"\n}\n\nresource \"ipam_pool\" \"mine\" {\n}\n");
        assert_eq!(earlier.ids().collect::<Vec<_>>(), ["ipam-pool-1"]);
        assert_eq!(earlier.0["ipam-pool-1"], ("ipam_pool".to_owned(), "corp".to_owned()));
    }
}
