//! The life of an address set: what Terraform asks for, carried out on all addresses in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ipam::{AddressAnswer, AddressChange, Error, Family};
use crate::tf::{Apply, Diagnostic, Diagnostics, Path, Plan, Resource, Stop, Value};

use super::super::super::on_missing::OnMissing;
use super::super::super::shared::{Configured, Shared, within};
use super::super::super::{create, errors};
use super::{AddressSetModel, check, import, plan};

/// Pause before an apply asks again whether an address was released.
const AGAIN: Duration = Duration::from_millis(100);

/// `ipam_address_set`.
pub(in crate::provider) struct AddressSetResource(Arc<Shared>);

impl AddressSetResource {
    pub(in crate::provider) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl AddressSetModel {
    /// Whether an update changes anything in the store.
    pub(super) fn differs(&self, prior: &Self) -> bool {
        let is_other = |family: Family| {
            let Some(map) = prior.subnet(family).get().map(super::SubnetModel::map) else {
                return self.allocation_id(family).is_known();
            };
            let Some(members) = self.members.get() else { return true };
            let fits = |member: &String, host: &super::HostModel| {
                let has = map.get(member);
                !host.wish(family).is_unknown()
                    && has.is_some_and(|has| host.wish(family).get().is_none_or(|wish| wish.0 == *has))
            };
            self.allocation_id(family) != prior.allocation_id(family)
                || members.len() != map.len()
                || !members.iter().all(|(member, host)| fits(member, host))
        };
        self.name != prior.name || is_other(Family::Ipv4) || is_other(Family::Ipv6)
    }

    /// The change that leads to what this state says.
    fn change(&self, shared: &Shared, leaves: BTreeSet<String>) -> Result<AddressChange, Diagnostics> {
        let none = || create::still_unknown(AddressSetResource::TYPE);
        let mut request = self.request(shared).ok_or_else(none)?;
        for wishes in request.wishes.values_mut() {
            wishes.becomes = None;
            let shown = self.subnet(wishes.family).get().map(super::SubnetModel::map).unwrap_or_default();
            for (member, wish) in &mut wishes.members {
                *wish = wish.or_else(|| shown.get(member).copied());
            }
        }
        Ok(AddressChange { request, leaves })
    }
}

/// Carries out a change, and waits for addresses that the same apply releases.
fn carry_out(
    shared: &Shared,
    configured: &Configured,
    config: &AddressSetModel,
    change: &AddressChange,
    (timeout, stop): (Duration, &Stop),
) -> Result<AddressAnswer, Diagnostics> {
    let begin = Instant::now();
    let tell = |error: Error| errors::at(&error, config.attribute_for(&error));
    let sets = configured.ipam.require_address_sets().map_err(tell)?;
    loop {
        let left = timeout.saturating_sub(begin.elapsed());
        let error = match within(left, stop, || sets.apply_addresses(change)) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // Where plans hold nothing, they do not know either what the same apply releases.
        let may_go = configured.plan_hold.is_zero() && begin.elapsed() < shared.sibling_wait;
        let waits = matches!(&error, Error::Addresses(refused)
            if refused.fault.waits() || (may_go && refused.fault.in_the_way().is_some()));
        if !waits || left.is_zero() || stop.is_requested() {
            return Err(tell(error));
        }
        std::thread::sleep(AGAIN);
    }
}

impl Resource for AddressSetResource {
    type Model = AddressSetModel;
    const TYPE: &'static str = "ipam_address_set";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &AddressSetModel) -> Diagnostics {
        check::check(config)
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        if let Some(id) = state.get("id").and_then(serde_json::Value::as_str) {
            self.0.session.seen_in_state(id);
        }
    }

    fn plan_delete(&self, prior: &Value) -> Result<(), Diagnostics> {
        if let Value::String(id) = prior.entry("id") {
            self.0.session.goes(id);
        }
        Ok(())
    }

    fn plan_create(&self, plan: &mut Plan<AddressSetModel>) -> Result<(), Diagnostics> {
        plan::plan_new(&self.0, plan)
    }

    fn plan_update(&self, prior: &AddressSetModel, plan: &mut Plan<AddressSetModel>) -> Result<(), Diagnostics> {
        plan::plan_change(&self.0, prior, plan)
    }

    fn create(&self, apply: &mut Apply<AddressSetModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        let change = apply.state.change(shared, BTreeSet::new())?;
        let patience = (apply.state.patience(|timeouts| &timeouts.create), &apply.stop);
        let made = carry_out(shared, &configured, &apply.config, &change, patience)?;
        apply.state.fill(&made);
        apply.state.fill_from_config();
        Ok(())
    }

    fn update(&self, prior: &AddressSetModel, apply: &mut Apply<AddressSetModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        apply.state.fill_from_config();
        let kept = apply.state.allocation_ids();
        let leaves: BTreeSet<String> = prior.allocation_ids().into_iter().filter(|id| !kept.contains(id)).collect();
        let is_shown = |family| apply.state.subnet(family).is_known() || apply.state.allocation_id(family).is_null();
        if !apply.state.differs(prior) && is_shown(Family::Ipv4) && is_shown(Family::Ipv6) && leaves.is_empty() {
            // Only the block around the addresses has changed, or arguments that are only in the state.
            return Ok(());
        }
        let change = apply.state.change(shared, leaves)?;
        let patience = (apply.state.patience(|timeouts| &timeouts.update), &apply.stop);
        let made = carry_out(shared, &configured, &apply.config, &change, patience)?;
        apply.state.fill(&made);
        apply.state.fill_from_config();
        Ok(())
    }

    fn delete(&self, prior: &AddressSetModel, stop: &Stop) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let ipam = shared.ipam()?;
        let timeout = prior.patience(|timeouts| &timeouts.delete);
        let (id, places) = (prior.id.cloned().unwrap_or_default(), prior.allocation_ids());
        within(timeout, stop, || ipam.require_address_sets()?.delete_addresses(&id, &places))
            .map_err(|error| errors::at(&error, Path::root()))?;
        shared.queue.progress();
        Ok(())
    }

    fn read(
        &self,
        mut state: AddressSetModel,
        warnings: &mut Diagnostics,
    ) -> Result<Option<AddressSetModel>, Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        shared.session.refreshed();
        let tell = |error: Error| errors::at(&error, Path::root());
        let sets = configured.ipam.require_address_sets().map_err(tell)?;
        let (id, places) = (state.id.cloned().unwrap_or_default(), state.allocation_ids());
        let mut found = sets.get_address_set(&id, &places).map_err(tell)?;
        if found.is_none() && configured.on_missing == OnMissing::Restore {
            found = restore(shared, &configured, &state, warnings)?;
        }
        let Some(found) = found else { return Ok(None) };
        if !found.is_confirmed
            && let Err(error) = sets.confirm_addresses(&id, &places)
        {
            tracing::debug!(id, ?error, "not confirmed");
        }
        if shared.session.is_adopted(&id) {
            let detail = format!(
                "{id} {:?} is in the state, and a new resource of this configuration asks for the same name. Rename one of them, \
                 or add a `moved` block if they are the same set.",
                found.name
            );
            return Err(Diagnostic::error("One name for two resources", detail).into());
        }
        show(&mut state, &found);
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<AddressSetModel, Diagnostics> {
        let configured = self.0.ready()?;
        import::find(configured.ipam.as_ref(), id)
    }

    fn imported(&self, imported: &AddressSetModel) -> Diagnostics {
        import::warn_of_other_owner(&self.0, imported)
    }
}

/// The state with what the store says of the set.
fn show(state: &mut AddressSetModel, found: &AddressAnswer) {
    state.fill(found);
    let has = |member: &String| found.addresses.values().all(|addresses| addresses.contains_key(member));
    if let crate::tf::Tf::Known(members) = &mut state.members {
        members.retain(|member, _| has(member));
    }
}

/// The set of a state that the store does not have, made again with its id and its addresses, if no event shows that it was
/// released.
fn restore(
    shared: &Shared,
    configured: &Configured,
    state: &AddressSetModel,
    warnings: &mut Diagnostics,
) -> Result<Option<AddressAnswer>, Diagnostics> {
    if configured.ipam.owner() != state.owner.get().map(String::as_str) {
        return Ok(None);
    }
    let change = state.change(shared, BTreeSet::new())?;
    let sets = configured.ipam.require_address_sets().map_err(|error| errors::at(&error, Path::root()))?;
    let (name, id) = (&change.request.name, state.id.cloned().unwrap_or_default());
    let is_missing = format!("The Terraform state has the address set {name:?} ({id}), but the store does not.");
    match sets.restore_addresses(&change) {
        Ok(true) => {
            let detail = format!(
                "{is_missing} The provider block has `on_missing = \"restore\"`, the addresses are free, and no event shows that \
                 the set was released. It is in the store again, with the same id and addresses."
            );
            warnings.push(Diagnostic::warning(format!("The address set {name:?} was restored"), detail));
            let places = state.allocation_ids();
            sets.get_address_set(&id, &places).map_err(|error| errors::at(&error, Path::root()))
        }
        Ok(false) => Ok(None),
        Err(error) => {
            let told = crate::backend::explain(&error);
            let detail = format!(
                "{is_missing} It cannot be restored, so a new one is planned. {}. {}",
                told.summary, told.detail
            );
            warnings.push(Diagnostic::warning(format!("The address set {name:?} cannot be restored"), detail));
            Ok(None)
        }
    }
}
