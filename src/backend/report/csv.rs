//! Writes the tables of the report as CSV (RFC 4180), for spreadsheets.

use crate::ipam::{Scope, State, Tags};

use super::{PoolReport, Report};
use crate::backend::explain::time;

impl Report {
    /// The allocations, one on each line.
    pub fn csv_of_allocations(&self) -> String {
        let paths = self.paths();
        let mut table = Table::new(&[
            "scope",
            "pool",
            "name",
            "cidr",
            "first_address",
            "last_address",
            "state",
            "hold_expires_at",
            "owner",
            "resource_type",
            "resource_id",
            "description",
            "tags",
            "id",
            "pool_id",
            "created_at",
            "expires_at",
        ]);
        let positions = self.positions();
        for one in &self.allocations {
            let pool = positions.get(one.pool_id.as_str()).map(|position| &self.pools[*position]);
            let scope = pool.map(|pool| self.scope_name(&pool.pool().scope_id)).unwrap_or_default();
            table.row(&[
                scope,
                paths.get(one.pool_id.as_str()).copied().unwrap_or_default(),
                &one.meta.name,
                &one.cidr.to_string(),
                &one.cidr.first_address().to_string(),
                &one.cidr.last_address().to_string(),
                state(one.meta.state),
                &one.meta.hold_expires_at.map(time).unwrap_or_default(),
                &one.meta.owner,
                &one.resource_type.to_string(),
                one.resource_id.as_deref().unwrap_or_default(),
                one.description.as_deref().unwrap_or_default(),
                &tags(&one.tags),
                &one.meta.id,
                &one.pool_id,
                &time(one.meta.created_at),
                &one.lifetime.expires_at().map(time).unwrap_or_default(),
            ]);
        }
        table.text
    }

    /// The pools, one on each line.
    pub fn csv_of_pools(&self) -> String {
        let mut table = Table::new(&[
            "scope",
            "path",
            "cidrs",
            "address_family",
            "locale",
            "state",
            "owner",
            "provisioned",
            "used",
            "held",
            "free",
            "largest_free",
            "allocations",
            "addresses_per_day",
            "full_at",
            "description",
            "tags",
            "id",
        ]);
        for one in &self.pools {
            self.pool_row(one, &mut table);
        }
        table.text
    }

    fn pool_row(&self, one: &PoolReport, table: &mut Table) {
        let (pool, sums) = (one.pool(), &one.utilization);
        let forecast = one.forecast.as_ref();
        let cidrs: Vec<String> = one.cidrs.iter().map(ToString::to_string).collect();
        table.row(&[
            self.scope_name(&pool.scope_id),
            &one.path,
            &cidrs.join(" "),
            &pool.address_family.to_string(),
            pool.locale.as_deref().unwrap_or_default(),
            state(pool.meta.state),
            &pool.meta.owner,
            &sums.provisioned.to_string(),
            &sums.used.to_string(),
            &sums.held.to_string(),
            &sums.free.to_string(),
            &sums.largest_free.map(|block| block.to_string()).unwrap_or_default(),
            &sums.allocations.to_string(),
            &forecast.map(|found| format!("{:.2}", found.addresses_per_day)).unwrap_or_default(),
            &forecast.and_then(|found| found.full_at).map(time).unwrap_or_default(),
            pool.description.as_deref().unwrap_or_default(),
            &tags(&pool.tags),
            &pool.meta.id,
        ]);
    }

    /// Name of a scope.
    pub(super) fn scope_name(&self, id: &str) -> &str {
        let has_id = |scope: &&Scope| scope.meta.id == id;
        self.scopes.iter().find(has_id).map(|scope| scope.meta.name.as_str()).unwrap_or_default()
    }
}

pub(super) const fn state(state: State) -> &'static str {
    match state {
        State::Planned => "planned",
        State::Lapsed => "lapsed",
        State::Active => "active",
    }
}

/// `key=value`, separated by semicolons.
pub(super) fn tags(tags: &Tags) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("; ")
}

struct Table {
    text: String,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(header);
        table
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        self.text += &cells.join(",");
        self.text += "\r\n";
    }
}

/// One cell. Names are free text: a name that a spreadsheet would read as a formula gets an apostrophe in front, which
/// marks it as text. Numbers, also negative ones, stay numbers.
pub(super) fn cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number;
    let shown = if runs { format!("'{text}") } else { text.to_owned() };
    let is_plain = !shown.contains([',', '"', '\r', '\n', ';', '\t']) && shown.trim() == shown;
    if is_plain { shown } else { format!("\"{}\"", shown.replace('"', "\"\"")) }
}
