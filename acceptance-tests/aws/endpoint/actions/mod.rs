//! The actions of the endpoint: one function for each.

mod allocations;
mod byoasn;
mod byoip;
mod discoveries;
mod ipams;
mod organization;
mod policies;
mod pool_cidrs;
mod pools;
mod resolvers;
pub(crate) mod resources;
mod scopes;
mod tags;
mod tokens;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fault::{Fault, Result};
use super::model::Operation;
use super::thing::{Kind, Thing};
use super::world::{World, members};

/// Members of an answer, by their names on the wire.
pub(crate) type Members = Map<String, Value>;

/// A request that the model allows, and its account and Region.
pub(crate) struct Ask<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) action: &'a str,
    pub(crate) operation: &'static Operation,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) parameters: Members,
}

/// The function of an action.
pub(crate) type Action = fn(&mut Ask<'_>) -> Result<Members>;

/// The function of an action; `None` if the endpoint does not play it.
pub(crate) fn find(action: &str) -> Option<Action> {
    Some(match action {
        "CreateIpam" => ipams::create,
        "DescribeIpams" => ipams::describe,
        "ModifyIpam" => ipams::modify,
        "DeleteIpam" => ipams::delete,
        "CreateIpamScope" => scopes::create,
        "DescribeIpamScopes" => scopes::describe,
        "ModifyIpamScope" => scopes::modify,
        "DeleteIpamScope" => scopes::delete,
        "CreateIpamPool" => pools::create,
        "DescribeIpamPools" => pools::describe,
        "ModifyIpamPool" => pools::modify,
        "DeleteIpamPool" => pools::delete,
        "ProvisionIpamPoolCidr" => pool_cidrs::provision,
        "GetIpamPoolCidrs" => pool_cidrs::get,
        "DeprovisionIpamPoolCidr" => pool_cidrs::deprovision,
        "AllocateIpamPoolCidr" => allocations::allocate,
        "GetIpamPoolAllocations" => allocations::get,
        "DescribeIpamPoolAllocations" => allocations::describe,
        "ModifyIpamPoolAllocation" => allocations::modify,
        "ReleaseIpamPoolAllocation" => allocations::release,
        "CreateTags" => tags::create,
        "DeleteTags" => tags::delete,
        "DescribeTags" => tags::describe,
        "CreateIpamResourceDiscovery" => discoveries::create,
        "DescribeIpamResourceDiscoveries" => discoveries::describe,
        "ModifyIpamResourceDiscovery" => discoveries::modify,
        "DeleteIpamResourceDiscovery" => discoveries::delete,
        "AssociateIpamResourceDiscovery" => discoveries::associate,
        "DescribeIpamResourceDiscoveryAssociations" => discoveries::describe_associations,
        "DisassociateIpamResourceDiscovery" => discoveries::disassociate,
        "GetIpamDiscoveredAccounts" => discoveries::accounts,
        "GetIpamDiscoveredResourceCidrs" => discoveries::resource_cidrs,
        "GetIpamDiscoveredPublicAddresses" => discoveries::public_addresses,
        "GetIpamResourceCidrs" => resources::get,
        "ModifyIpamResourceCidr" => resources::modify,
        "GetIpamAddressHistory" => resources::history,
        _ => return find_special(action),
    })
}

/// Actions that only a delegated administrator, an owner of public space or a router needs.
fn find_special(action: &str) -> Option<Action> {
    Some(match action {
        "EnableIpamOrganizationAdminAccount" => organization::enable,
        "DisableIpamOrganizationAdminAccount" => organization::disable,
        "ProvisionByoipCidr" => byoip::provision,
        "DescribeByoipCidrs" => byoip::describe,
        "AdvertiseByoipCidr" => byoip::advertise,
        "WithdrawByoipCidr" => byoip::withdraw,
        "DeprovisionByoipCidr" => byoip::deprovision,
        "MoveByoipCidrToIpam" => byoip::move_to_ipam,
        "CreateIpamExternalResourceVerificationToken" => tokens::create,
        "DescribeIpamExternalResourceVerificationTokens" => tokens::describe,
        "DeleteIpamExternalResourceVerificationToken" => tokens::delete,
        "ProvisionIpamByoasn" => byoasn::provision,
        "DescribeIpamByoasn" => byoasn::describe,
        "AssociateIpamByoasn" => byoasn::associate,
        "DisassociateIpamByoasn" => byoasn::disassociate,
        "DeprovisionIpamByoasn" => byoasn::deprovision,
        "CreateIpamPolicy" => policies::create,
        "DescribeIpamPolicies" => policies::describe,
        "DeleteIpamPolicy" => policies::delete,
        "ModifyIpamPolicyAllocationRules" => policies::modify_rules,
        "GetIpamPolicyAllocationRules" => policies::get_rules,
        "EnableIpamPolicy" => policies::enable,
        "DisableIpamPolicy" => policies::disable,
        "GetEnabledIpamPolicy" => policies::get_enabled,
        "GetIpamPolicyOrganizationTargets" => policies::targets,
        "CreateIpamPrefixListResolver" => resolvers::create,
        "DescribeIpamPrefixListResolvers" => resolvers::describe,
        "ModifyIpamPrefixListResolver" => resolvers::modify,
        "DeleteIpamPrefixListResolver" => resolvers::delete,
        "GetIpamPrefixListResolverRules" => resolvers::get_rules,
        "GetIpamPrefixListResolverVersions" => resolvers::get_versions,
        "GetIpamPrefixListResolverVersionEntries" => resolvers::get_entries,
        "CreateIpamPrefixListResolverTarget" => resolvers::create_target,
        "DescribeIpamPrefixListResolverTargets" => resolvers::describe_targets,
        "ModifyIpamPrefixListResolverTarget" => resolvers::modify_target,
        "DeleteIpamPrefixListResolverTarget" => resolvers::delete_target,
        _ => return None,
    })
}

impl Ask<'_> {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// A parameter that the model requires.
    pub(crate) fn need(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.parameters.get(name).and_then(Value::as_i64)
    }

    /// A netmask length. A value that does not fit into a byte becomes 255, which no address family has.
    pub(crate) fn netmask_length(&self, name: &str) -> Option<u8> {
        self.number(name).map(|length| u8::try_from(length).unwrap_or(u8::MAX))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.parameters.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    /// The parameter as it is, or null.
    pub(crate) fn value(&self, name: &str) -> Value {
        self.parameters.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.parameters.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(crate) fn structures(&self, name: &str) -> Vec<Members> {
        let list = self.parameters.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_object).cloned().collect()
    }

    /// The `RegionName` of each member.
    pub(crate) fn regions(&self, name: &str) -> Vec<String> {
        let named = |region: &Members| region.get("RegionName").and_then(Value::as_str).map(str::to_owned);
        self.structures(name).iter().filter_map(named).collect()
    }

    /// The tags of a new object of this kind.
    ///
    /// # Errors
    /// Fails with `InvalidParameterValue` for another resource type, or with the errors of [`tags::check`].
    pub(crate) fn tags(&self, kind: Kind) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for specification in self.structures("TagSpecification") {
            let resource_type = specification.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
            if resource_type != kind.names().resource_type {
                return Err(Fault::value(format!("'{resource_type}' is not a valid taggable resource type here.")));
            }
            tags::add(&mut found, specification.get("Tag"))?;
        }
        Ok(found)
    }

    /// The object with the id in a parameter, if the account sees it in this Region.
    ///
    /// # Errors
    /// Fails with `Invalid...Id.NotFound`.
    pub(crate) fn thing(&self, kind: Kind, parameter: &str) -> Result<Thing> {
        self.world.require(kind, &self.need(parameter), &self.account, &self.region).cloned()
    }

    /// The same object, if it belongs to the account and can be changed.
    ///
    /// # Errors
    /// Fails with `Invalid...Id.NotFound`, `UnauthorizedOperation` or `IncorrectState`.
    pub(crate) fn own(&self, kind: Kind, parameter: &str) -> Result<Thing> {
        let thing = self.thing(kind, parameter)?;
        if thing.account != self.account {
            return Err(Fault::unauthorized(format!("{} belongs to another account.", thing.id)));
        }
        let is_stuck = matches!(thing.state.as_str(), "create-failed" | "modify-failed" | "delete-failed");
        let may_change = thing.is_steady() || thing.state == "sync-failed";
        if may_change || (is_stuck && self.action.starts_with("Delete")) {
            return Ok(thing);
        }
        Err(Fault::incorrect_state(format!("{} is in the state {}.", thing.id, thing.state)))
    }

    /// The same object, if other objects can be created in it.
    ///
    /// # Errors
    /// Fails with `Invalid...Id.NotFound` or `IncorrectState`.
    pub(crate) fn usable(&self, kind: Kind, parameter: &str) -> Result<Thing> {
        let thing = self.thing(kind, parameter)?;
        match thing.is_usable() {
            true => Ok(thing),
            false => Err(Fault::incorrect_state(format!("{} is in the state {}.", thing.id, thing.state))),
        }
    }

    /// Answers with the current state of one object.
    pub(crate) fn answer(&mut self, name: &str, id: &str) -> Result<Members> {
        let shown = self.world.render(self.world.get(id));
        Ok(members(json!({ name: shown })))
    }

    /// Answers with the objects of a kind that the account sees in this Region: all, or those whose ids `parameter`
    /// lists.
    ///
    /// # Errors
    /// Fails with `Invalid...Id.NotFound`, or with the errors of [`Ask::page`].
    pub(crate) fn describe(&mut self, kind: Kind, parameter: &str, set: &str) -> Result<Members> {
        let ids = self.texts(parameter);
        let visible: Vec<String> = self
            .world
            .things
            .iter()
            .filter(|thing| thing.kind == kind && self.world.is_visible(thing, &self.account, &self.region))
            .map(|thing| thing.id.clone())
            .collect();
        let is_asked = |thing: &Thing| visible.contains(&thing.id) && (ids.is_empty() || ids.contains(&thing.id));
        let found = self.world.listed(is_asked);
        if let Some(missing) = ids.iter().find(|id| !found.contains(id)) {
            return Err(super::world::not_found(kind, missing));
        }
        self.list(set, &found)
    }

    /// Answers with a page of these objects, which counts as a read of each object on it.
    ///
    /// # Errors
    /// Fails with the errors of [`Ask::page`].
    pub(crate) fn list(&mut self, set: &str, ids: &[String]) -> Result<Members> {
        let bodies: Vec<Members> = ids.iter().map(|id| self.world.render(self.world.get(id))).collect();
        let page = self.page(set, &bodies)?;
        let shown: Vec<Members> = page.places.iter().map(|place| self.world.show(&ids[*place])).collect();
        Ok(members(json!({ set: shown, "nextToken": page.next_token })))
    }

    /// Answers with a page of records that are not objects with an id.
    ///
    /// # Errors
    /// Fails with the errors of [`Ask::page`].
    pub(crate) fn list_bodies(&self, set: &str, bodies: &[Members]) -> Result<Members> {
        let page = self.page(set, bodies)?;
        let shown: Vec<&Members> = page.places.iter().map(|place| &bodies[*place]).collect();
        Ok(members(json!({ set: shown, "nextToken": page.next_token })))
    }
}
