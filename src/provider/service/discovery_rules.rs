//! The rules of an `ipam_resource_discovery`: those of every store, and those of the configured store.

use std::collections::BTreeSet;

use crate::at;
use crate::backend::Ipam;
use crate::backend::observation::SeenType;
use crate::backend::service::EntityPath;
use crate::tf::{Attr, Diagnostic, Diagnostics, Path, Tf, wrong_value};

use super::discovery::{DiscoveryModel, RoleModel};
use super::quotas::Quota;

/// Excluded parts of an organization.
const EXCLUSIONS: Quota = Quota {
    usual: 10,
    of: "organizational units that one resource discovery leaves out",
    otherwise: "In that case, name a unit above them, with \"/*\" at the end.",
};

/// Types of resources that a scan of an account finds.
const LOOKED_AT: [SeenType; 5] =
    [SeenType::Vpc, SeenType::Subnet, SeenType::Eni, SeenType::Eip, SeenType::PublicIpv4Pool];

/// The errors of the configuration; unknown values are accepted.
pub(super) fn check(model: &DiscoveryModel) -> Diagnostics {
    let mut found = check_exclusions(&model.organizational_unit_exclusions);
    found.append(check_places(model));
    found.append(check_types(&model.resource_types));
    found.append(check_texts(&model.files, &at!(DiscoveryModel, files), "a path"));
    found.append(check_formats(model));
    let ids = at!(DiscoveryModel, excluded_resource_ids);
    found.append(check_texts(&model.excluded_resource_ids, &ids, "the id of a resource"));
    let roles = model.role.cloned().unwrap_or_default();
    for (index, role) in roles.iter().enumerate() {
        found.append(check_role(&roles[..index], role, &at!(DiscoveryModel, role).index(index)));
    }
    found
}

fn is_given<T>(set: &Tf<BTreeSet<T>>) -> bool {
    set.is_unknown() || set.get().is_some_and(|set| !set.is_empty())
}

/// Checks that there is something to scan.
fn check_places(model: &DiscoveryModel) -> Diagnostics {
    let has_roles = model.role.is_unknown() || model.role.get().is_some_and(|roles| !roles.is_empty());
    let has_regions = is_given(&model.operating_regions);
    let at = at!(DiscoveryModel, operating_regions);
    if !has_regions && (has_roles || model.own_account == Tf::Known(true)) {
        return wrong_value(
            &at,
            "A discovery scans accounts in Regions, and no Regions are set. Set them, such as [\"eu-central-1\"].",
        );
    }
    if !has_regions && !is_given(&model.files) {
        return wrong_value(
            &at,
            "There is nothing to scan. Set the Regions in which accounts are scanned, such as [\"eu-central-1\"], or \
             (in a self-managed store) `files` that list networks outside of AWS.",
        );
    }
    if has_regions && !has_roles && model.own_account == Tf::Known(false) && !is_given(&model.files) {
        return wrong_value(
            &at!(DiscoveryModel, own_account),
            "There is no `role` block, so with `own_account = false` no account is scanned. Leave it out, or add \
             roles.",
        );
    }
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_region = |name: &str| {
        name.matches('-').count() >= 2 && name.ends_with(|c: char| c.is_ascii_digit()) && name.split('-').all(is_part)
    };
    match model.operating_regions.get().and_then(|regions| regions.iter().find(|name| !is_region(name))) {
        Some(name) => wrong_value(&at, format!("{name:?} is not the name of a Region, such as \"eu-central-1\".")),
        None => Diagnostics::new(),
    }
}

fn check_types(types: &Tf<BTreeSet<SeenType>>) -> Diagnostics {
    let Some(other) = types.get().and_then(|types| types.iter().find(|one| !LOOKED_AT.contains(one))) else {
        return Diagnostics::new();
    };
    let known: Vec<String> = LOOKED_AT.iter().map(ToString::to_string).collect();
    let why = format!(
        "{:?} is not a type of resource that a discovery finds in an account. Use one of {}.",
        other.to_string(),
        known.join(", ")
    );
    wrong_value(&at!(DiscoveryModel, resource_types), why)
}

fn check_texts(texts: &Tf<BTreeSet<String>>, at: &Path, what: &str) -> Diagnostics {
    match texts.get().and_then(|texts| texts.iter().find(|text| text.trim().is_empty() || text.trim() != *text)) {
        Some(text) => wrong_value(at, format!("{text:?} is not {what}: it is empty, or has white space around it.")),
        None => Diagnostics::new(),
    }
}

/// Checks that each format is that of one of the files.
fn check_formats(model: &DiscoveryModel) -> Diagnostics {
    let (Some(formats), false) = (model.file_formats.get(), model.files.is_unknown()) else {
        return Diagnostics::new();
    };
    let is_file = |path: &String| model.files.get().is_some_and(|files| files.contains(path));
    match formats.keys().find(|path| !is_file(path)) {
        Some(path) => {
            let why = format!("{path:?} is not one of `files`. Write the path as it is there.");
            wrong_value(&at!(DiscoveryModel, file_formats), why)
        }
        None => Diagnostics::new(),
    }
}

fn check_role(before: &[RoleModel], role: &RoleModel, at: &Path) -> Diagnostics {
    if role.role_arn.is_known() && before.iter().any(|other| other.role_arn == role.role_arn) {
        let why = "Another block already names this role, and one scan is enough. Remove one of them.";
        return wrong_value(&at.then("role_arn"), why);
    }
    match role.external_id.get() {
        Some(id) if id.chars().count() < 2 => wrong_value(
            &at.then("external_id"),
            "IAM does not accept an external id of fewer than two characters. Leave it out if there is none.",
        ),
        _ => Diagnostics::new(),
    }
}

/// Refuses exclusions that AWS would refuse together.
fn check_exclusions(exclusions: &Tf<BTreeSet<EntityPath>>) -> Diagnostics {
    let at = at!(DiscoveryModel, organizational_unit_exclusions);
    let Some(paths) = exclusions.get() else { return Diagnostics::new() };
    let covered = |path: &&EntityPath| paths.iter().find(|other| other != path && other.covers(path));
    match paths.iter().find_map(|path| covered(&path).map(|other| (path, other))) {
        Some((path, other)) => wrong_value(
            &at,
            format!(
                "\"{other}\" already covers \"{path}\", and AWS does not accept an exclusion twice. Remove one of them."
            ),
        ),
        None => Diagnostics::new(),
    }
}

/// Warns when AWS may refuse the number of exclusions.
pub(super) fn check_quota(prior: Option<&DiscoveryModel>, planned: &DiscoveryModel) -> Diagnostics {
    let count = |model: &DiscoveryModel| model.organizational_unit_exclusions.get().map_or(0, BTreeSet::len);
    let at = at!(DiscoveryModel, organizational_unit_exclusions);
    EXCLUSIONS.warning(count(planned), prior.map_or(0, count), at).into_iter().collect()
}

fn is_set<T: Attr>(value: &Tf<T>) -> bool {
    value.is_known()
}

/// Reports an error at each argument that the configured store does not support.
pub(super) fn check_capabilities(model: &DiscoveryModel, ipam: &dyn Ipam) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut refuse = |summary: &str, detail: &str, at: Path| found.push(Diagnostic::error(summary, detail).at(at));
    if ipam.capabilities().surveys {
        if is_given(&model.organizational_unit_exclusions) {
            let why = "AWS IPAM knows the organization, and this store does not: it scans the accounts that `role` \
                       blocks name. Leave the argument out. To exclude accounts, leave out their roles, or name the \
                       accounts in `excluded_account_ids`.";
            refuse(
                "This store does not know the organization",
                why,
                at!(DiscoveryModel, organizational_unit_exclusions),
            );
        }
        return found;
    }
    let only_own = [
        (model.role.get().is_some_and(|roles| !roles.is_empty()), at!(DiscoveryModel, role)),
        (is_set(&model.own_account), at!(DiscoveryModel, own_account)),
        (is_set(&model.resource_types), at!(DiscoveryModel, resource_types)),
        (is_set(&model.excluded_account_ids), at!(DiscoveryModel, excluded_account_ids)),
        (is_set(&model.excluded_resource_ids), at!(DiscoveryModel, excluded_resource_ids)),
        (is_set(&model.excluded_tags), at!(DiscoveryModel, excluded_tags)),
        (is_set(&model.files), at!(DiscoveryModel, files)),
        (is_set(&model.file_formats), at!(DiscoveryModel, file_formats)),
        (is_set(&model.unknown_columns), at!(DiscoveryModel, unknown_columns)),
        (is_set(&model.avoided), at!(DiscoveryModel, avoided)),
    ];
    for (_, at) in only_own.into_iter().filter(|(is_set, _)| *is_set) {
        let why = "AWS IPAM decides by itself what it scans: the account, or the whole organization, in \
                   `operating_regions`, without the units in `organizational_unit_exclusions`. Leave this argument \
                   out: it is for self-managed stores.";
        refuse("AWS IPAM scans by itself", why, at);
    }
    if found.has_error() {
        return found;
    }
    if !is_given(&model.operating_regions) {
        let why = "AWS IPAM scans in Regions. Set them in `operating_regions`.";
        found.push(Diagnostic::error("No Regions", why).at(at!(DiscoveryModel, operating_regions)));
    }
    found
}
