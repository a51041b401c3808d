//! Attributes of `ipam_pool` that only AWS has and other stores refuse, and `auto_import`.

use crate::at;
use crate::ipam::{Cidr, Family, OnlyAws, PublicIpSource, ScopeType, Special};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::shared::Configured;
use super::super::{capabilities, errors};
use super::pool::PoolModel;
use super::source_resource::SourceResourceModel;

/// Reports contradictions within the configuration itself.
pub(super) fn check_config(config: &PoolModel) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(wrong_advertising(config));
    diagnostics.extend(config.source_resource.get().and_then(SourceResourceModel::wrong));
    if config.auto_import == Tf::Known(true) && config.locale.is_null() && config.source_ipam_pool_id.is_null() {
        let why = "A pool imports discovered resources from one Region: set `locale` to that Region.";
        diagnostics.push(Diagnostic::error("auto_import needs a locale", why).at(at!(PoolModel, auto_import)));
    }
    diagnostics
}

/// Refuses blocks in the configuration that AWS does not accept in such a top-level pool.
fn wrong_public_blocks(config: &PoolModel) -> Option<Diagnostic> {
    let has_cidrs = config.cidrs.get().is_some_and(|cidrs| !cidrs.is_empty());
    if !has_cidrs || !config.source_ipam_pool_id.is_null() {
        return None;
    }
    let (summary, why) = match config.public_ip_source.get()? {
        PublicIpSource::Amazon => (
            "Amazon chooses the blocks",
            "The pool cannot choose the blocks of Amazon-provided space. Leave `cidrs` out, and set \
             `netmask_length`.",
        ),
        PublicIpSource::Byoip => (
            "A public block without proof",
            "AWS accepts a public block in a top-level pool only with a proof. Leave `cidrs` out, and provision it \
             with `ipam_pool_cidr`, which has `cidr_authorization_context` and \
             `ipam_external_resource_verification_token_id`.",
        ),
        _ => return None,
    };
    Some(Diagnostic::error(summary, why).at(at!(PoolModel, cidrs)))
}

/// AWS accepts `publicly_advertisable` only for public IPv6 space that the account brought, and refuses any other
/// request.
fn wrong_advertising(config: &PoolModel) -> Option<Diagnostic> {
    if config.publicly_advertisable.is_null() {
        return None;
    }
    let of_cidrs = config.cidrs.get().and_then(|cidrs| cidrs.first()).map(Cidr::family);
    let why = match (&config.address_family, &config.public_ip_source) {
        (Tf::Known(Family::Ipv4), _) => "IPv4 space of your own is always advertisable",
        (Tf::Null, _) if of_cidrs == Some(Family::Ipv4) => "IPv4 space of your own is always advertisable",
        (Tf::Null, _) if of_cidrs.is_none() => "`address_family` is not set",
        (_, Tf::Known(PublicIpSource::Amazon)) => "Amazon itself advertises Amazon-provided space",
        (_, Tf::Null) => "`public_ip_source` is not set",
        _ if config.ipam_scope_id.is_null() && config.source_ipam_pool_id.is_null() => {
            "without `ipam_scope_id` the pool is in the default private scope"
        }
        _ => return None,
    };
    let detail = format!(
        "AWS accepts `publicly_advertisable` only with `address_family = \"ipv6\"` and `public_ip_source = \
         \"byoip\"` in the public scope, and {why}. Leave it out, or set these arguments."
    );
    Some(
        Diagnostic::error("publicly_advertisable cannot be set here", detail).at(at!(PoolModel, publicly_advertisable)),
    )
}

/// Refuses what the store, or the scope of the pool, does not support. `config` is the configuration as the user wrote
/// it.
///
/// # Errors
/// On the attribute to remove.
pub(super) fn check(configured: &Configured, config: &PoolModel) -> Result<(), Diagnostics> {
    let only_aws = [
        (config.source_resource.is_known(), OnlyAws::SourceResource),
        (config.public_ip_source.is_known(), OnlyAws::PublicIpSource),
        (config.aws_service.is_known(), OnlyAws::AwsService),
        (config.publicly_advertisable.is_known(), OnlyAws::PubliclyAdvertisable),
    ];
    // Report all of them at once, so that the user does not have to remove one after the other.
    let mut found = Diagnostics::new();
    for (_, what) in only_aws.into_iter().filter(|(is_set, _)| *is_set) {
        found.gather(capabilities::only_aws(configured, what, attribute_for(what)));
    }
    if found.has_error() {
        return Err(found);
    }
    if !configured.ipam.capabilities().special {
        return Ok(());
    }
    if let Some(wrong) = wrong_public_blocks(config) {
        return Err(wrong.into());
    }
    let public_only = [
        (!config.public_ip_source.is_null(), at!(PoolModel, public_ip_source)),
        (!config.aws_service.is_null(), at!(PoolModel, aws_service)),
        (!config.publicly_advertisable.is_null(), at!(PoolModel, publicly_advertisable)),
    ];
    let public_only = public_only.into_iter().find(|(is_set, _)| *is_set).map(|(_, at)| at);
    let cascades = config.cascade == Tf::Known(true) && config.source_resource.is_null();
    if public_only.is_none() && !cascades {
        return Ok(());
    }
    match (scope_type(configured, config)?, public_only) {
        (Some(ScopeType::Private), Some(at)) => {
            let why = "AWS supports this argument only for pools in the public scope, and the pool is in a private \
                       one. Leave it out, or set `ipam_scope_id` to the public scope (`public_default_scope_id` of \
                       `ipam_ipam`).";
            Err(Diagnostic::error("For public space only", why).at(at).into())
        }
        (Some(ScopeType::Public), _) if cascades => {
            let why = "AWS deletes the contents together with the pool only for pools in private scopes, and for pools \
                       that plan a VPC. Set `cascade = false`.";
            Err(Diagnostic::error("No cascade in the public scope", why).at(at!(PoolModel, cascade)).into())
        }
        _ => Ok(()),
    }
}

/// The path of the attribute.
pub(super) fn attribute_for(what: OnlyAws) -> Path {
    match what {
        OnlyAws::SourceResource => at!(PoolModel, source_resource),
        OnlyAws::PublicIpSource => at!(PoolModel, public_ip_source),
        OnlyAws::AwsService => at!(PoolModel, aws_service),
        OnlyAws::PubliclyAdvertisable => at!(PoolModel, publicly_advertisable),
        OnlyAws::IpamId | OnlyAws::CidrProof => Path::root(),
    }
}

/// The type of the scope that will contain the pool, if it is known.
fn scope_type(configured: &Configured, config: &PoolModel) -> Result<Option<ScopeType>, Diagnostics> {
    let ipam = &configured.ipam;
    let explain = |error| errors::at(&error, at!(PoolModel, ipam_scope_id));
    let scope_id = match (&config.ipam_scope_id, &config.source_ipam_pool_id) {
        (Tf::Known(id), _) => Some(id.clone()),
        (Tf::Null, Tf::Null) => return Ok(Some(ScopeType::Private)),
        (Tf::Null, Tf::Known(source)) => ipam.get_pool(source).map_err(explain)?.map(|pool| pool.scope_id),
        _ => None,
    };
    match scope_id {
        Some(id) => Ok(ipam.get_scope(&id).map_err(explain)?.map(|scope| scope.scope_type)),
        None => Ok(None),
    }
}

/// In a store without AWS attributes, their values are known in the plan.
pub(super) fn settle(configured: &Configured, planned: &mut PoolModel) {
    if !configured.ipam.capabilities().special {
        // This attribute exists in every store.
        let auto_import = planned.auto_import.clone();
        planned.fill_special(&Special::default());
        planned.auto_import = auto_import;
    }
}
