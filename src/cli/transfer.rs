//! `transfer`: gives objects to another owner.
//!
//! JSON: `{store, to, transferred: [event], unchanged: [id]}`, each event as in `events --json`; `unchanged` are the
//! objects that belonged to that owner already.

use clap::Args;
use serde_json::json;

use super::events;
use super::failure::CommandFailure;
use super::out::{OutputFormat, Page};
use super::words::count;
use crate::backend::{Ipam, Local, find};
use crate::ipam::{Error, Event, Kind, Meta, Transfer};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The scopes, pools, pool CIDRs and allocations: ids, or paths such as top/eu-west-1 and top/eu-west-1/web. Either
    /// all of them are transferred or none.
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<String>,
    /// The new owner: the `owner` of its provider block.
    #[arg(long, value_name = "OWNER", value_parser = owner)]
    to: String,
    /// Transfers the objects only if they belong to this owner.
    #[arg(long, value_name = "OWNER", value_parser = owner)]
    from: Option<String>,
    #[command(flatten)]
    format: OutputFormat,
}

fn owner(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("the owner is empty".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, CommandFailure> {
    let ids = options.objects.iter().map(|text| id_of(ipam, text)).collect::<Result<Vec<_>, _>>()?;
    let transfer = Transfer { to: options.to.clone(), from: options.from.clone() };
    let done = ipam.transfer(&ids, &transfer)?;
    let unchanged: Vec<&String> = ids.iter().filter(|id| done.iter().all(|event| event.id != **id)).collect();
    Ok(answer(&ipam.describe(), &transfer.to, &done, &unchanged, options.format))
}

/// The ID of the only object that a text can mean.
fn id_of(ipam: &Local, text: &str) -> Result<String, CommandFailure> {
    if Kind::of_id(text).is_some_and(|kind| !matches!(kind, Kind::Discovery | Kind::Treatment))
        && !text.contains(['/', '_'])
    {
        return Ok(text.to_owned());
    }
    let found = meant(ipam, text)?;
    match found.as_slice() {
        [] => Err(CommandFailure::Usage(format!(
            "There is no scope, pool, pool CIDR or allocation {text:?} in this store. `tree` and `allocations` show all of them."
        ))),
        [(_, id)] => Ok(id.clone()),
        several => {
            let list: Vec<String> = several.iter().map(|(kind, id)| format!("{} {id}", kind.word())).collect();
            Err(CommandFailure::Usage(format!(
                "{text:?} names several objects: {}. Give one of the ids.",
                list.join(", ")
            )))
        }
    }
}

/// All objects that a text can mean.
fn meant(ipam: &Local, text: &str) -> Result<Vec<(Kind, String)>, Error> {
    fn all<T>(kind: Kind, found: Vec<T>, meta: impl Fn(&T) -> &Meta) -> impl Iterator<Item = (Kind, String)> {
        found.into_iter().map(move |one| (kind, meta(&one).id.clone()))
    }
    let mut found: Vec<(Kind, String)> = all(Kind::Scope, find::scopes(ipam, text)?, |one| &one.meta).collect();
    found.extend(all(Kind::Pool, find::pools(ipam, text)?, |one| &one.meta));
    // The blocks in the declaration of a pool are transferred with the pool.
    let separate = find::pool_cidrs(ipam, text)?.into_iter().filter(|one| !one.inline).collect();
    found.extend(all(Kind::PoolCidr, separate, |one| &one.meta));
    found.extend(all(Kind::Allocation, find::allocations(ipam, text)?, |one| &one.meta));
    Ok(found)
}

fn answer(store: &str, to: &str, done: &[Event], unchanged: &[&String], format: OutputFormat) -> Page {
    if format.json {
        return Page::json(&json!({ "store": store, "to": to, "transferred": done, "unchanged": unchanged }));
    }
    let mut text: String = done.iter().map(events::line).collect();
    text += &format!("{} transferred to owner {to:?}.\n", count(done.len() as u64, "object"));
    for id in unchanged {
        text += &format!("{id} already belongs to {to:?}.\n");
    }
    if !done.is_empty() {
        text += "The state of the former owner's configuration may still have them: run `terraform state rm` there, so \
                 that they are not destroyed with it.\n";
    }
    Page::text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_shows_the_objects_and_the_task_of_the_former_owner() {
        let id = "ipam-pool-alloc-1".to_owned();
        let page = answer("ipam.db", "team-b", &[], &[&id], OutputFormat { json: false });
        assert_eq!(
            page.text,
            "0 objects transferred to owner \"team-b\".\nipam-pool-alloc-1 already belongs to \"team-b\".\n"
        );
        let page = answer("ipam.db", "team-b", &[], &[&id], OutputFormat { json: true });
        let value: serde_json::Value = serde_json::from_str(&page.text).unwrap();
        assert_eq!(
            value,
            json!({"store": "ipam.db", "to": "team-b", "transferred": [], "unchanged": ["ipam-pool-alloc-1"]})
        );
    }

    #[test]
    fn the_name_of_an_owner_is_not_empty() {
        assert_eq!(owner("team-b"), Ok("team-b".to_owned()));
        assert_eq!(owner(" "), Err("the owner is empty".to_owned()));
    }
}
