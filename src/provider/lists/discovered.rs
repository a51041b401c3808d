//! Blocks of resources that scans found and that no allocation covers, as the allocations that would cover them.

use std::sync::Arc;

use crate::backend::explain;
use crate::backend::observation::{NoPlace, Place, ResourceFilter, Unallocated, Unplaced};
use crate::ipam::Cidr;
use crate::model;
use crate::provider::attributes::HumanDuration;
use crate::provider::capabilities;
use crate::provider::filters::resource_filters;
use crate::provider::observation::{NO_POOL, NO_SCOPE, check_scanned, explained, freshen_for, observed};
use crate::provider::resources::allocation::AllocationModel;
use crate::provider::resources::candidate::candidate_id;
use crate::provider::shared::Configured;
use crate::tf::{Diagnostic, Diagnostics, Entries, Found, ListOptions, Listed, Path};

model! {
    /// Filters of resources.
    pub(crate) struct DiscoveredFilter {
        /// ID of a scope. Only CIDRs in this scope are listed. Default: all scopes.
        ipam_scope_id: String => optional(),
        include resource_filters;
        /// Region. Only resources in this Region are listed.
        resource_region: String => optional(),
        /// Maximum age of the data: a duration such as `1h`. Default: no limit. Older or missing data starts a new scan,
        /// and a failed scan is an error.
        max_age: HumanDuration => optional(),
    }
}

/// The argument of the list resource.
pub(super) fn path() -> Path {
    Path::attribute("discovered")
}

/// Lists the blocks that no allocation covers. `pool_id` and `within` are arguments of the list resource itself.
///
/// # Errors
/// At the argument that names what does not exist, and before the first scan.
pub(super) fn entries<'a>(
    configured: Arc<Configured>,
    filter: &DiscoveredFilter,
    (pool_id, within): (Option<&str>, Option<Cidr>),
    options: ListOptions,
) -> Result<Entries<'a, Found<AllocationModel>>, Diagnostics> {
    let ipam = configured.ipam.as_ref();
    if ipam.service().is_some() {
        return Err(imported_by_aws());
    }
    capabilities::listed(ipam, &filter.resource_type, path().then("resource_type"))?;
    freshen_for(ipam, None, &filter.max_age, &path().then("max_age"))?;
    let observation = observed(ipam)?;
    let asked = ResourceFilter {
        scope_id: filter.ipam_scope_id.cloned(),
        resource_id: filter.resource_id.cloned(),
        resource_type: filter.resource_type.cloned(),
        owner_id: filter.resource_owner_id.get().map(ToString::to_string),
        region: filter.resource_region.cloned(),
        vpc_id: filter.vpc_id.cloned(),
        tags: filter.resource_tags.cloned().unwrap_or_default(),
        within,
        ..ResourceFilter::default()
    };
    let arguments = [(NO_SCOPE, path().then("ipam_scope_id")), (NO_POOL, Path::attribute("ipam_pool_id"))];
    let places = observation.unallocated(&asked, pool_id).map_err(explained(&arguments, path()))?;
    let places = places.ok_or_else(imported_by_aws)?;
    check_scanned(ipam, observation.oldest_sample().map_err(explained(&[], path()))?, None)?;
    let (placed, unplaced): (Vec<Place>, Vec<Place>) = places.into_iter().partition(Result::is_ok);
    let warning = warning(&unplaced.into_iter().filter_map(Result::err).collect::<Vec<_>>());
    let found = placed.into_iter().filter_map(Result::ok);
    let found = found.map(move |one| Ok(Listed::Found(entry(&configured, &one, options))));
    Ok(Box::new(warning.map(|warning| Ok(Listed::Warning(warning.into()))).into_iter().chain(found)))
}

fn entry(configured: &Configured, one: &Unallocated, options: ListOptions) -> Found<AllocationModel> {
    let name = one.resource_name.as_ref().unwrap_or(&one.resource_id);
    Found {
        id: candidate_id(&one.pool_id, &one.cidr),
        display_name: format!("{name} ({})", one.cidr),
        object: options.include_object.then(|| AllocationModel::covering(configured, one)),
    }
}

fn imported_by_aws() -> Diagnostics {
    let detail = "AWS IPAM itself allocates the VPCs that it finds in a pool with `auto_import = true`. `discovered` is for \
                  self-managed stores. The data source `ipam_resource_cidrs` lists the resources that no allocation covers.";
    Diagnostic::error("AWS IPAM imports resources itself", detail).at(path()).into()
}

/// Number of blocks that a warning names.
const NAMED_MAX: usize = 10;

/// The warning about blocks that no allocation can cover.
fn warning(unplaced: &[Unplaced]) -> Option<Diagnostic> {
    if unplaced.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = unplaced.iter().take(NAMED_MAX).map(line).collect();
    if unplaced.len() > NAMED_MAX {
        lines.push(format!("and {} more", unplaced.len() - NAMED_MAX));
    }
    let detail = format!(
        "No allocation covers these blocks, and none can be made for them as the pools are now:\n\n  {}",
        lines.join("\n  ")
    );
    Some(Diagnostic::warning("Some resources are not listed", detail))
}

fn line(unplaced: &Unplaced) -> String {
    let why = match &unplaced.why {
        NoPlace::NoPool => "No pool of its scope contains it.".to_owned(),
        NoPlace::Refused(error) => explain(error).detail,
    };
    format!("{} of {}: {why}", unplaced.cidr, unplaced.resource_id)
}
