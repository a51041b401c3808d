//! Writes the report as Markdown, for merge requests and wikis.

use std::fmt::Write;

use super::csv::{state, tags};
use super::json::program;
use super::{Problem, Report, subject};
use crate::backend::explain::{number, percent, time};
use crate::backend::observation::OverlapStatus;

impl Report {
    /// The report as GitHub-flavoured Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from("# IPAM report\n\n");
        let about = self.narrowed_to.as_deref().map(|about| format!(", {}", plain(about))).unwrap_or_default();
        let _ = writeln!(text, "{}{about}. {} by {}.", plain(&self.store), time(self.at), program());
        let sections = [
            self.problem_section(),
            self.pool_section(),
            self.allocation_section(),
            self.seen_section(),
            self.address_section(),
            self.event_section(),
        ];
        for section in sections.into_iter().flatten() {
            text.push('\n');
            text.push_str(&section);
        }
        text
    }

    fn problem_section(&self) -> Option<String> {
        if self.problems.is_empty() {
            return Some("## Problems\n\nNone.\n".to_owned());
        }
        let row = |problem: &Problem| {
            let name = if problem.name.is_empty() { &problem.place } else { &problem.name };
            vec![problem.severity.word().to_owned(), problem.topic.word().to_owned(), plain(name), plain(&problem.what)]
        };
        Some(section("Problems", &["Severity", "Topic", "Where", "What"], self.problems.iter().map(row)))
    }

    fn pool_section(&self) -> Option<String> {
        let row = |one: &super::PoolReport| {
            let sums = &one.utilization;
            let cidrs: Vec<String> = one.cidrs.iter().map(ToString::to_string).collect();
            let full_at = one.forecast.as_ref().and_then(|found| found.full_at);
            vec![
                plain(self.scope_name(&one.pool().scope_id)),
                plain(&one.path),
                cidrs.join("<br>"),
                percent(&sums.used, &sums.provisioned),
                percent(&sums.held, &sums.provisioned),
                number(&sums.free),
                sums.largest_free.map(|block| block.to_string()).unwrap_or_default(),
                sums.allocations.to_string(),
                full_at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default(),
            ]
        };
        let header =
            ["Scope", "Pool", "CIDRs", "Used", "Held", "Free addresses", "Largest free", "Allocations", "Full on"];
        (!self.pools.is_empty()).then(|| section("Pools", &header, self.pools.iter().map(row)))
    }

    fn allocation_section(&self) -> Option<String> {
        let (paths, positions) = (self.paths(), self.positions());
        let row = |one: &crate::ipam::Allocation| {
            let pool = positions.get(one.pool_id.as_str()).map(|position| self.pools[*position].pool());
            vec![
                plain(pool.map(|pool| self.scope_name(&pool.scope_id)).unwrap_or_default()),
                plain(paths.get(one.pool_id.as_str()).copied().unwrap_or_default()),
                plain(&one.meta.name),
                one.cidr.to_string(),
                match one.lifetime.expires_at() {
                    Some(end) => {
                        format!("{}, lent until {}", state(one.meta.state), crate::backend::explain::time(end))
                    }
                    None => state(one.meta.state).to_owned(),
                },
                one.resource_type.to_string(),
                plain(&one.meta.owner),
                plain(one.description.as_deref().unwrap_or_default()),
                plain(&tags(&one.tags)),
            ]
        };
        let header = ["Scope", "Pool", "Name", "CIDR", "State", "For", "Owner", "Description", "Tags"];
        (!self.allocations.is_empty()).then(|| section("Allocations", &header, self.allocations.iter().map(row)))
    }

    /// Resources with problems; the other formats list all resources.
    fn seen_section(&self) -> Option<String> {
        let discovered = self.discovered.as_ref()?;
        let row = |one: &super::DiscoveredResource| {
            let found = &one.found;
            let overlaps = found.overlaps_with.iter().map(|one| format!("overlaps {one}"));
            let why = overlaps.chain(found.reasons.iter().cloned());
            vec![
                found.cidr.to_string(),
                found.resource_type.to_string(),
                plain(&found.resource_id),
                plain(found.owner_id.as_deref().unwrap_or_default()),
                plain(&found.region),
                plain(&why.collect::<Vec<_>>().join("; ")),
            ]
        };
        let header = ["CIDR", "Type", "Resource", "Account", "Region", "Why"];
        let mut wrong: Vec<_> = discovered.resources.iter().filter(|one| one.is_wrong()).collect();
        // Overlaps come first: they are rarer and more serious than rules that are not kept.
        wrong.sort_by_key(|one| one.found.overlap != Some(OverlapStatus::Overlapping));
        (!wrong.is_empty()).then(|| section("Discovered resources with problems", &header, wrong.into_iter().map(row)))
    }

    fn address_section(&self) -> Option<String> {
        let discovered = self.discovered.as_ref()?;
        let idle = |kind: &str| discovered.idle().filter(|one| one.address_type.to_string() == kind).count();
        let counts = discovered.by_kind();
        let row = |(kind, count): (&String, &usize)| vec![kind.clone(), count.to_string(), idle(kind).to_string()];
        let header = ["Kind", "Addresses", "Idle"];
        (!counts.is_empty()).then(|| section("Public addresses", &header, counts.iter().map(row)))
    }

    fn event_section(&self) -> Option<String> {
        let row = |event: &crate::ipam::Event| {
            let (name, cidrs) = subject(event);
            let cidrs: Vec<String> = cidrs.iter().map(ToString::to_string).collect();
            vec![
                time(event.time),
                plain(&event.actor.owner),
                plain(&event.action),
                event.kind.word().to_owned(),
                plain(name),
                cidrs.join("<br>"),
            ]
        };
        let header = ["Time", "Owner", "Action", "What", "Name", "CIDRs"];
        (!self.events.is_empty()).then(|| section("Recent events", &header, self.events.iter().map(row)))
    }
}

fn section(title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("## {title}\n\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Free text as plain text in a cell of a table: without mark-up, HTML and line ends.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => shown.extend(['\\', letter]),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            _ if letter.is_control() => shown.push(' '),
            _ => shown.push(letter),
        }
    }
    shown
}
