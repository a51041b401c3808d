//! `history`: who had an address or a block, and when.
//!
//! JSON: `{store, forgotten, history: [{cidr, from, to, kind, id, name, state, pool_id, source_pool_id, scope_id,
//! resource_type, resource_id, began, ended, event}]}`, in order of the events that began the entries. `began` and
//! `ended` are actors (`owner`, `user`, `run_url`). `to` and `ended` are `null` for an entry that has not ended.
//! `--json-lines` prints the same objects, one on each line. `forgotten` is as in `events --json`: entries that had ended
//! by that time are not included.

use std::collections::HashMap;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{actor, forgotten, mark_value, require_object};
use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean, table};
use super::{arguments, paths};
use crate::backend::explain::time;
use crate::backend::{HistoryQuery, Ipam, Mark, Match, Tenure};
use crate::ipam::{Cidr, State};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The address or block; without it, the whole history is shown.
    #[arg(value_name = "CIDR", value_parser = arguments::block)]
    cidr: Option<Cidr>,
    /// Which blocks to show for the address or block.
    #[arg(long = "match", value_enum, default_value = "covering", requires = "cidr")]
    how: How,
    /// Shows only what had not ended by this time: a time, a day, or a time ago such as 30d.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    from: Option<Timestamp>,
    /// Shows only what had begun by this time.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    to: Option<Timestamp>,
    /// Shows only blocks in this scope: an id or a name.
    #[arg(long)]
    scope: Option<String>,
    /// Shows only blocks allocated from or provisioned to this pool: a path, the end of a path, or an id.
    #[arg(long)]
    pool: Option<String>,
    /// Shows only the object with this id.
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Shows only what this owner began or ended.
    #[arg(long)]
    owner: Option<String>,
    /// Also shows what was only planned.
    #[arg(long)]
    planned: bool,
    /// Prints JSON, one object on each line.
    #[arg(long, conflicts_with = "json")]
    json_lines: bool,
    #[command(flatten)]
    format: OutputFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// Exactly this block.
    Exact,
    /// The block and blocks that contain it.
    Covering,
    /// The block and blocks inside it.
    Within,
    /// Any block that shares an address with it.
    Overlapping,
}

impl From<How> for Match {
    fn from(how: How) -> Self {
        match how {
            How::Exact => Self::Exact,
            How::Covering => Self::Covering,
            How::Within => Self::Within,
            How::Overlapping => Self::Overlapping,
        }
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let query = query(ipam, options)?;
    let history = ipam.require_history()?;
    let found = history.tenures(&query)?;
    if found.is_empty() {
        let asked = [&options.object, &options.scope, &options.pool];
        // A scope or pool that no longer exists is found only by its ID.
        let ids = asked
            .into_iter()
            .flatten()
            .filter(|asked| asked.contains("ipam-") || options.object.as_ref() == Some(asked));
        for id in ids {
            require_object(ipam, id)?;
        }
    }
    // Read last, so that it includes events that were forgotten in the meantime.
    let mark = history.mark()?.filter(|mark| options.from.is_none_or(|from| from < mark.time));
    let page = if options.json_lines {
        Page::text(found.iter().map(|tenure| format!("{}\n", value(tenure))).collect::<String>())
    } else if options.format.json {
        let history = found.iter().map(value).collect::<Vec<_>>();
        Page::json(&json!({ "store": ipam.describe(), "forgotten": mark_value(mark.as_ref()), "history": history }))
    } else {
        let scopes = ipam.list_scopes(true)?.into_iter().map(|scope| (scope.meta.id, scope.meta.name)).collect();
        Page::text(text(&found, &scopes, mark.as_ref()))
    };
    let over = |mark: &Mark| format!("Entries that ended by {} are not shown. {}", time(mark.time), forgotten(mark));
    Ok(page.warning(mark.as_ref().map(over)))
}

fn query(ipam: &dyn Ipam, options: &Options) -> Result<HistoryQuery, CommandFailure> {
    let pool_id = match &options.pool {
        None => None,
        Some(wanted) => {
            match paths::find(ipam, wanted) {
                Ok(pool) => Some(pool.meta.id),
                // A pool that was deleted has a history nevertheless.
                Err(_) if wanted.starts_with("ipam-pool-") => Some(wanted.clone()),
                Err(failure) => return Err(failure),
            }
        }
    };
    let scope_id = options.scope.as_deref().map(|wanted| paths::scope_id(ipam, wanted)).transpose()?;
    Ok(HistoryQuery {
        cidr: options.cidr.map(|cidr| (cidr, options.how.into())),
        scope_id,
        pool_id,
        id: options.object.clone(),
        owner: options.owner.clone(),
        from: options.from,
        to: options.to,
        include_planned: options.planned,
    })
}

fn value(tenure: &Tenure) -> Value {
    json!({
        "cidr": tenure.cidr,
        "from": tenure.from,
        "to": tenure.to,
        "kind": tenure.kind,
        "id": tenure.id,
        "name": tenure.name,
        "state": tenure.state,
        "pool_id": tenure.pool_id,
        "source_pool_id": tenure.source_pool_id,
        "scope_id": tenure.scope_id,
        "resource_type": tenure.resource_type,
        "resource_id": tenure.resource_id,
        "began": tenure.began,
        "ended": tenure.ended,
        "event": tenure.event,
    })
}

/// The history as text. `scopes` contains the names of scopes by ID.
fn text(found: &[Tenure], scopes: &HashMap<String, String>, mark: Option<&Mark>) -> String {
    if found.is_empty() {
        return match mark {
            None => "No history found.\n".to_owned(),
            Some(mark) => format!("No history found since {}.\n", time(mark.time)),
        };
    }
    let row = |tenure: &Tenure| {
        let planned = if tenure.state == State::Active { "" } else { ", planned" };
        let scope = tenure.scope_id.as_ref().map_or("", |id| {
            // A scope that was deleted, or that has no name, is named by its ID.
            scopes.get(id).filter(|name| !name.is_empty()).unwrap_or(id)
        });
        vec![
            tenure.cidr.to_string(),
            clean(scope),
            time(tenure.from),
            tenure.to.map_or_else(|| "now".to_owned(), time),
            format!("{}{planned}", tenure.kind.word()),
            clean(&tenure.name),
            actor(&tenure.began),
            tenure.ended.as_ref().map_or_else(|| "-".to_owned(), actor),
            tenure.id.clone(),
        ]
    };
    table(&["CIDR", "SCOPE", "FROM", "TO", "WHAT", "NAME", "BEGAN", "ENDED", "ID"], found.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::{Actor, Kind, ResourceType};

    fn tenure() -> Tenure {
        Tenure {
            kind: Kind::Allocation,
            id: "ipam-pool-alloc-1".to_owned(),
            name: "web\u{1b}".to_owned(),
            cidr: "10.0.1.0/24".parse().unwrap(),
            state: State::Active,
            pool_id: "ipam-pool-1".to_owned(),
            source_pool_id: Some("ipam-pool-1".to_owned()),
            scope_id: Some("ipam-scope-1".to_owned()),
            resource_type: Some(ResourceType::Custom),
            resource_id: None,
            from: "2026-01-01T12:00:00Z".parse().unwrap(),
            to: None,
            began: Actor { owner: "network".to_owned(), user: Some("ann".to_owned()), run_url: None },
            ended: None,
            event: 7,
        }
    }

    #[test]
    fn a_row_shows_the_object_its_time_and_its_owner() {
        assert_eq!(
            text(&[tenure()], &[("ipam-scope-1".to_owned(), "red".to_owned())].into(), None),
            "CIDR         SCOPE  FROM                  TO   WHAT        NAME       BEGAN          ENDED  ID\n\
             10.0.1.0/24  red    2026-01-01T12:00:00Z  now  allocation  web\\u{1b}  network (ann)  -      ipam-pool-alloc-1\n"
        );
        assert_eq!(text(&[], &HashMap::new(), None), "No history found.\n");
    }

    #[test]
    fn json_has_the_documented_fields() {
        let value = value(&tenure());
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "began",
                "cidr",
                "ended",
                "event",
                "from",
                "id",
                "kind",
                "name",
                "pool_id",
                "resource_id",
                "resource_type",
                "scope_id",
                "source_pool_id",
                "state",
                "to"
            ]
        );
        assert_eq!((&value["to"], &value["resource_type"]), (&Value::Null, &json!("custom")));
    }
}
