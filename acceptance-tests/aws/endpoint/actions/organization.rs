//! The account of an organization that administers IPAM.

use serde_json::json;

use super::super::fault::{Fault, Result};
use super::super::world::members;
use super::{Ask, Members};

fn from_management(ask: &Ask<'_>) -> Result<String> {
    match &ask.world.management_account {
        Some(account) if *account == ask.account => Ok(ask.need("DelegatedAdminAccountId")),
        _ => Err(Fault::unauthorized("Only the organization's management account delegates.")),
    }
}

pub(super) fn enable(ask: &mut Ask<'_>) -> Result<Members> {
    let account = from_management(ask)?;
    if account == ask.account {
        return Err(Fault::value("The management account cannot administer IPAM itself."));
    }
    if ask.world.administrator.as_ref().is_some_and(|known| *known != account) {
        return Err(Fault::value("Another account administers IPAM already."));
    }
    ask.world.administrator = Some(account);
    Ok(members(json!({"success": true})))
}

pub(super) fn disable(ask: &mut Ask<'_>) -> Result<Members> {
    let account = from_management(ask)?;
    if ask.world.administrator.as_ref() != Some(&account) {
        let message = format!("{account} does not administer IPAM.");
        return Err(Fault::new("IpamOrganizationAccountNotRegistered", message));
    }
    ask.world.administrator = None;
    Ok(members(json!({"success": true})))
}
