//! What a plan changes: addresses first, then names, then everything else.

use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer};

use super::plan::{Plan, ResourceChange, Shown, Side};
use crate::ipam::Cidr;

/// The changes of a plan, by their consequence.
#[derive(Debug, Default, Serialize)]
pub(super) struct Changes {
    /// Resources that stay and get other addresses.
    pub(super) renumbered: Vec<Row>,
    /// Addresses that become free.
    pub(super) released: Vec<Row>,
    pub(super) taken: Vec<Row>,
    /// Blocks that grow or shrink in place.
    pub(super) resized: Vec<Row>,
    /// Objects with other names, and the same addresses.
    pub(super) renamed: Vec<Row>,
    /// Objects that Terraform manages no more, and that stay in the store.
    pub(super) forgotten: Vec<Row>,
    pub(super) imported: Vec<Row>,
    /// Changes that concern neither addresses nor names.
    pub(super) other: Vec<Other>,
    /// `false`: the plan ended with an error, or puts changes off.
    pub(super) is_complete: bool,
    /// The ids of the pools in which addresses change.
    #[serde(skip)]
    pub(super) pool_ids: Vec<String>,
}

/// A change of one block, address or name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The address of the resource, with the member of a set in brackets.
    pub(super) resource: String,
    /// The name of the object.
    pub(super) name: Option<Shown>,
    /// The path of the pool, as far as the plan tells it, or the id of the pool.
    pub(super) pool: Option<Shown>,
    pub(super) before: Option<Shown>,
    pub(super) after: Option<Shown>,
}

/// A change of a resource that concerns neither addresses nor names.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Other {
    pub(super) resource: String,
    pub(super) actions: Vec<String>,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

impl Shown {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Sensitive => "(sensitive)",
            Self::Unknown => "(known after apply)",
        }
    }

    fn cidr(&self) -> Option<Cidr> {
        match self {
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// The blocks of an object, by their labels: the keys of a set's members, the blocks of a pool themselves, or nothing for
/// an object with one block.
type Blocks = BTreeMap<String, Shown>;

/// The blocks of one side of a change; `None`: they are known after apply.
fn blocks(type_name: &str, side: Side<'_>) -> Option<Blocks> {
    match type_name {
        "ipam_allocation" | "ipam_pool_cidr" => {
            Some(side.part("cidr").shown().map(|cidr| (String::new(), cidr)).into_iter().collect())
        }
        "ipam_allocation_set" => side.part("cidrs").entries().map(|entries| entries.into_iter().collect()),
        "ipam_pool" => match side.part("cidrs").elements().as_slice() {
            [Shown::Unknown] => None,
            elements => Some(elements.iter().map(|one| (one.words().to_owned(), one.clone())).collect()),
        },
        _ => Some(Blocks::new()),
    }
}

/// The id of the pool that the addresses of the object come from.
fn pool_of<'a>(type_name: &str, side: Side<'a>) -> Option<Side<'a>> {
    match type_name {
        "ipam_allocation" | "ipam_allocation_set" | "ipam_pool_cidr" => Some(side.part("ipam_pool_id")),
        "ipam_pool" => Some(side.part("source_ipam_pool_id")),
        _ => None,
    }
}

/// The pools of the plan: the name and the source of each, by id.
#[derive(Default)]
struct Pools<'a>(HashMap<&'a str, (Shown, Option<&'a str>)>);

impl<'a> Pools<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut pools = HashMap::new();
        for one in plan.resource_changes.iter().filter(|one| one.type_name == "ipam_pool") {
            for side in [one.change.before(), one.change.after()] {
                if let (Some(id), Some(name)) = (side.part("id").text(), side.part("name").shown()) {
                    pools.insert(id, (name, side.part("source_ipam_pool_id").text()));
                }
            }
        }
        Self(pools)
    }

    /// The path of a pool, or its id if the plan does not contain it.
    fn path(&self, id: &str) -> Shown {
        let (mut names, mut next) = (Vec::new(), Some(id));
        while let Some(id) = next
            && names.len() < self.0.len()
        {
            let Some((name, source)) = self.0.get(id) else { break };
            let Shown::Text(name) = name else { return name.clone() };
            names.push(name.as_str());
            next = *source;
        }
        names.reverse();
        Shown::Text(if names.is_empty() { id.to_owned() } else { names.join("/") })
    }
}

impl Changes {
    pub(super) fn of(plan: &Plan) -> Self {
        let pools = Pools::of(plan);
        let mut changes = Self { is_complete: !plan.errored && plan.deferred_changes.is_empty(), ..Self::default() };
        plan.resource_changes.iter().filter(|one| one.is_ours()).for_each(|one| changes.add(one, &pools));
        changes
    }

    /// Whether the plan changes nothing of this provider.
    pub(super) fn is_empty(&self) -> bool {
        let rows = [&self.renumbered, &self.released, &self.taken, &self.resized];
        let more = [&self.renamed, &self.forgotten, &self.imported];
        rows.into_iter().chain(more).all(Vec::is_empty) && self.other.is_empty()
    }

    fn add(&mut self, one: &ResourceChange, pools: &Pools<'_>) {
        let (before, after) = (one.change.before(), one.change.after());
        let row = RowMaker { one, pools };
        let actions: Vec<&str> = one.change.actions.iter().map(String::as_str).collect();
        let count = self.rows();
        match actions.as_slice() {
            ["no-op" | "read"] => {}
            ["create"] => self.taken.extend(row.all(after, |row, block| row.after = Some(block))),
            ["delete"] => self.released.extend(row.all(before, |row, block| row.before = Some(block))),
            ["forget"] => self.forgotten.extend(row.all(before, |row, block| row.before = Some(block))),
            _ => self.compare(&row),
        }
        let is_imported = one.change.importing.is_some();
        if is_imported {
            self.imported.extend(row.all(after, |row, block| row.after = Some(block)));
        }
        let is_noted = self.rows() > count;
        if is_noted {
            let ids = [before, after].into_iter().filter_map(|side| pool_of(&one.type_name, side)?.text());
            self.pool_ids.extend(ids.map(str::to_owned));
            self.pool_ids.sort();
            self.pool_ids.dedup();
        } else if !matches!(actions.as_slice(), ["no-op" | "read"]) {
            self.other.push(Other { resource: one.address.clone(), actions: one.change.actions.clone() });
        }
    }

    fn rows(&self) -> usize {
        let rows = [&self.renumbered, &self.released, &self.taken, &self.resized];
        rows.into_iter().chain([&self.renamed, &self.forgotten, &self.imported]).map(Vec::len).sum()
    }

    /// Compares the two sides of an update or a replacement.
    fn compare(&mut self, maker: &RowMaker<'_>) {
        let (one, before, after) = (maker.one, maker.one.change.before(), maker.one.change.after());
        let old = blocks(&one.type_name, before).unwrap_or_default();
        let names = [before, after].map(|side| side.part("name").shown());
        if names[0] != names[1] {
            let [before, after] = names;
            self.renamed.push(Row { before, after, ..maker.row("", maker.one.change.after()) });
        }
        let Some(new) = blocks(&one.type_name, after) else {
            let unknown = |row: &mut Row, block| (row.before, row.after) = (Some(block), Some(Shown::Unknown));
            self.renumbered.extend(maker.all(before, unknown));
            return;
        };
        for pair in pairs(&old, &new) {
            let row = Row { before: pair.before.cloned(), after: pair.after.cloned(), ..maker.row(pair.label, after) };
            match (pair.before, pair.after) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) => match (old.cidr(), new.cidr()) {
                    (Some(old), Some(new)) if old.overlaps(&new) => self.resized.push(row),
                    _ => self.renumbered.push(row),
                },
                (Some(_), None) => self.released.push(Row { pool: maker.row(pair.label, before).pool, ..row }),
                (None, _) => self.taken.push(row),
            }
        }
    }
}

/// A block before and after, with its label.
struct Pair<'a> {
    label: &'a str,
    before: Option<&'a Shown>,
    after: Option<&'a Shown>,
}

/// The blocks before and after that belong together: those with the same label; of a pool, those that overlap, and its only
/// block before and after.
fn pairs<'a>(old: &'a Blocks, new: &'a Blocks) -> Vec<Pair<'a>> {
    let mut all = Vec::new();
    let mut right: Vec<_> = new.iter().filter(|(label, _)| !old.contains_key(*label)).collect();
    let is_only = old.len() == 1 && new.len() == 1;
    for (label, block) in old {
        // The labels of a pool's blocks are the blocks.
        let is_block = |label: &str| label.parse::<Cidr>().ok();
        let belongs = |(other, _): &(&String, &Shown)| match (is_block(label), is_block(other)) {
            (Some(old), Some(new)) => is_only || old.overlaps(&new),
            _ => false,
        };
        let same = new.get(label);
        let after = match same {
            Some(same) => Some(same),
            None => right.iter().position(belongs).map(|position| right.remove(position).1),
        };
        all.push(Pair { label, before: Some(block), after });
    }
    all.extend(right.into_iter().map(|(label, block)| Pair { label, before: None, after: Some(block) }));
    all
}

/// Makes the rows of one resource.
struct RowMaker<'a> {
    one: &'a ResourceChange,
    pools: &'a Pools<'a>,
}

impl RowMaker<'_> {
    /// A row without addresses.
    fn row(&self, label: &str, side: Side<'_>) -> Row {
        let is_member = self.one.type_name == "ipam_allocation_set" && !label.is_empty();
        let address = &self.one.address;
        let pool = pool_of(&self.one.type_name, side);
        Row {
            resource: if is_member { format!("{address}: {label}") } else { address.clone() },
            name: side.part("name").shown(),
            pool: pool.and_then(|pool| pool.text().map(|id| self.pools.path(id)).or_else(|| pool.shown())),
            before: None,
            after: None,
        }
    }

    /// A row for each block of this side.
    fn all(&self, side: Side<'_>, mut fill: impl FnMut(&mut Row, Shown)) -> Vec<Row> {
        let unknown = || Blocks::from([(String::new(), Shown::Unknown)]);
        let all = blocks(&self.one.type_name, side).unwrap_or_else(unknown).into_iter();
        all.map(|(label, block)| {
            let mut row = self.row(&label, side);
            fill(&mut row, block);
            row
        })
        .collect()
    }
}
