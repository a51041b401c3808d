//! `moved` blocks from resources of hashicorp/aws: the resource type of this provider that each type becomes, and the
//! arguments of the old state that must be kept because AWS does not store them. The refresh that follows reads the rest.
//!
//! Terraform sends this request to a provider that is not configured, so the store is not known yet. The refresh checks
//! that the object is in the store, see [`not_here`].

use serde_json::{Map, Value};

use crate::backend::Ipam;
use crate::tf::{Diagnostic, Diagnostics, Model, MoveSource, Path, from_json};

/// Addresses of the provider hashicorp/aws in the registries of Terraform and of OpenTofu.
const ADDRESSES: [&str; 2] = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"];

/// The address that OpenTofu 1.10 sends: the first word of the provider's types, without host and namespace.
const BARE: &str = "aws";

/// A type of hashicorp/aws that becomes a type of this provider.
struct Move {
    from: &'static str,
    to: &'static str,
    /// The supported schema version of the old state.
    version: i64,
    /// The ID in this provider; `None` if the old state lacks the parts of the ID.
    id: fn(&Map<String, Value>) -> Option<String>,
    /// Arguments that exist only in the state, with the same name and meaning in both providers.
    kept: &'static [&'static str],
}

/// All moves, ordered by the type of hashicorp/aws.
const MOVES: &[Move] = &[
    Move { from: "aws_vpc_ipam", to: "ipam_ipam", version: 0, id: same_id, kept: &["cascade"] },
    Move {
        from: "aws_vpc_ipam_organization_admin_account",
        to: "ipam_organization_admin_account",
        version: 0,
        id: same_id,
        kept: &[],
    },
    Move { from: "aws_vpc_ipam_pool", to: "ipam_pool", version: 0, id: same_id, kept: &["cascade"] },
    Move { from: "aws_vpc_ipam_pool_cidr", to: "ipam_pool_cidr", version: 0, id: pool_cidr_id, kept: &[] },
    Move {
        from: "aws_vpc_ipam_pool_cidr_allocation",
        to: "ipam_allocation",
        version: 0,
        id: same_id,
        kept: &["disallowed_cidrs"],
    },
    Move { from: "aws_vpc_ipam_resource_discovery", to: "ipam_resource_discovery", version: 0, id: same_id, kept: &[] },
    Move {
        from: "aws_vpc_ipam_resource_discovery_association",
        to: "ipam_resource_discovery_association",
        version: 0,
        id: same_id,
        kept: &[],
    },
    Move { from: "aws_vpc_ipam_scope", to: "ipam_scope", version: 0, id: same_id, kept: &[] },
];

fn text(state: &Map<String, Value>, attribute: &str) -> Option<String> {
    state.get(attribute).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn same_id(state: &Map<String, Value>) -> Option<String> {
    text(state, "id")
}

/// The ID is `<cidr>_<pool>` in hashicorp/aws and `<AWS's ID>_<pool>` here. Old releases of hashicorp/aws did not keep
/// the ID of AWS. An ID with the block is found as well.
fn pool_cidr_id(state: &Map<String, Value>) -> Option<String> {
    let own = text(state, "ipam_pool_cidr_id").or_else(|| text(state, "cidr"))?;
    Some(format!("{own}_{}", text(state, "ipam_pool_id")?))
}

/// The first state of a resource of type `to`; `None` if the source type does not become that type.
///
/// # Errors
/// Fails if the state is not from hashicorp/aws, or has an unsupported version.
pub(super) fn from_aws<M: Model>(to: &str, source: &MoveSource<'_>) -> Result<Option<M>, Diagnostics> {
    let Some(row) = MOVES.iter().find(|row| row.from == source.type_name && row.to == to) else { return Ok(None) };
    let advice = format!("Leave the `moved` block out, and import the object into {to} by its id.");
    if source.provider_address != BARE && !ADDRESSES.contains(&source.provider_address) {
        let detail = format!(
            "A {} can be moved only from hashicorp/aws ({}), and this one is from {}. {advice}",
            row.from,
            ADDRESSES.join(" or "),
            source.provider_address
        );
        return Err(Diagnostic::error("A state of another provider", detail).into());
    }
    if source.schema_version != row.version {
        let detail = format!(
            "The state of this {} has version {} of its schema, and this release knows version {}. {advice}",
            row.from, source.schema_version, row.version
        );
        return Err(Diagnostic::error("A state of another version", detail).into());
    }
    let damaged = |why: &str| {
        let detail = format!("The state of this {} cannot be moved: {why} {advice}", row.from);
        Diagnostics::from(Diagnostic::error("Damaged state", detail))
    };
    let old = source.state.as_object().ok_or_else(|| damaged("it is not an object."))?;
    let id = (row.id)(old).ok_or_else(|| damaged("it does not contain the id of the object."))?;
    let mut new = Map::from_iter([("id".to_owned(), Value::from(id))]);
    let kept = row.kept.iter().chain(&["timeouts"]);
    let values = kept.filter_map(|name| Some((*name, old.get(*name).filter(|value| is_set(value))?)));
    new.extend(values.map(|(name, value)| (name.to_owned(), value.clone())));
    let value = from_json(&Value::Object(new), &M::block().value_type()).map_err(|why| damaged(&why))?;
    M::decode(&value, &Path::root()).map(Some)
}

/// Whether a value is set. The states of hashicorp/aws contain empty values for arguments that were not configured.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => entries.values().any(is_set),
        _ => true,
    }
}

/// The result of a refresh for an object that is not in the store. An object that was moved and never read still exists
/// in AWS, so it does not count as deleted.
///
/// # Errors
/// Fails for an object that was just moved to a store other than AWS IPAM.
pub(super) fn not_here<M>(
    ipam: &dyn Ipam,
    type_name: &str,
    id: &str,
    never_read: bool,
) -> Result<Option<M>, Diagnostics> {
    if !never_read || ipam.service().is_some() {
        return Ok(None);
    }
    let detail = format!(
        "A `moved` block turns this object of AWS IPAM ({id}) into a {type_name}, but the store is {}, which does not \
         contain the object. Set `store = \"aws-ipam\"`, or import the objects of AWS into this store first \
         (`terraform-provider-ipam export --store aws-ipam`, then `import`), and plan again.",
        ipam.describe()
    );
    Err(Diagnostic::error("The moved object is not in this store", detail).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::provider;

    fn source<'a>(type_name: &'a str, state: &'a Value) -> MoveSource<'a> {
        MoveSource { provider_address: ADDRESSES[0], type_name, schema_version: 0, state }
    }

    fn detail_of(to: &str, source: &MoveSource<'_>) -> String {
        format!("{:?}", provider().resource(to).unwrap().move_from(source).unwrap_err())
    }

    #[test]
    fn every_move_leads_to_a_resource_that_accepts_it() {
        let provider = provider();
        for row in MOVES {
            let state = json!({"id": "x_y", "ipam_pool_id": "y", "ipam_pool_cidr_id": "x", "timeouts": null});
            let moved = provider.resource(row.to).unwrap_or_else(|| panic!("no {}", row.to));
            let moved = moved.move_from(&source(row.from, &state)).unwrap();
            assert!(!moved.entry("id").is_null(), "{}", row.from);
        }
    }

    #[test]
    fn a_state_of_another_provider_or_version_is_refused_with_the_reason() {
        let state = json!({"id": "ipam-pool-1"});
        for address in ADDRESSES.into_iter().chain([BARE]) {
            let source = MoveSource { provider_address: address, ..source("aws_vpc_ipam_pool", &state) };
            assert!(provider().resource("ipam_pool").unwrap().move_from(&source).is_ok(), "{address}");
        }
        let other = MoveSource { provider_address: "example.com/hashicorp/aws", ..source("aws_vpc_ipam_pool", &state) };
        assert!(detail_of("ipam_pool", &other).contains("this one is from example.com/hashicorp/aws"));
        let newer = MoveSource { schema_version: 1, ..source("aws_vpc_ipam_pool", &state) };
        assert!(
            detail_of("ipam_pool", &newer).contains("has version 1 of its schema, and this release knows version 0")
        );
        assert!(detail_of("ipam_pool", &source("aws_vpc_ipam_scope", &state)).contains("Unsupported move"));
        assert!(
            detail_of("ipam_pool", &source("aws_vpc_ipam_pool", &json!({"id": ""})))
                .contains("does not contain the id of the object")
        );
    }

    #[test]
    fn every_resource_moves_unchanged_between_hosts_and_namespaces() {
        let state = json!({"id": "x-1", "name": "a", "timeouts": {"create": "5m"}, "no_attribute_of_today": 1});
        for resource in provider().resources {
            let version = resource.schema().version;
            let stays = resource.upgrade(version, state.clone()).unwrap();
            let from = |provider_address, type_name, schema_version| {
                resource.move_from(&MoveSource { provider_address, type_name, schema_version, state: &state })
            };
            let own = resource.type_name();
            for address in ["registry.terraform.io/acme/ipam", "registry.opentofu.org/acme/ipam", "a.b/c/ipam", "ipam"]
            {
                assert_eq!(from(address, own, version).as_ref(), Ok(&stays), "{own} of {address}");
            }
            for (address, type_name, version, why) in [
                ("registry.terraform.io/acme/other", own, version, "Unsupported move"),
                ("other", own, version, "Unsupported move"),
                ("registry.terraform.io/acme/ipam", "ipam_no_such_type", version, "Unsupported move"),
                ("registry.terraform.io/acme/ipam", own, version + 1, "State of a newer provider"),
            ] {
                let detail = format!("{:?}", from(address, type_name, version).unwrap_err());
                assert!(detail.contains(why), "{own} from {type_name} of {address}: {detail}");
            }
        }
    }

    #[test]
    fn arguments_that_aws_does_not_keep_are_moved_and_empty_values_are_not() {
        let state = json!({
            "id": "ipam-pool-1", "cascade": true, "description": "", "tags": {},
            "timeouts": {"create": "30m", "update": null, "delete": null},
        });
        let moved = provider().resource("ipam_pool").unwrap().move_from(&source("aws_vpc_ipam_pool", &state)).unwrap();
        assert_eq!((moved.entry("cascade"), moved.entry("tags")), (&true.into(), &crate::tf::Value::Null));
        assert_eq!(moved.entry("timeouts").entry("create"), &"30m".into());
        let state = json!({"id": "a_b", "disallowed_cidrs": ["10.0.0.0/24"], "timeouts": {"create": null}});
        let source = source("aws_vpc_ipam_pool_cidr_allocation", &state);
        let moved = provider().resource("ipam_allocation").unwrap().move_from(&source).unwrap();
        assert_eq!(moved.entry("disallowed_cidrs"), &crate::tf::Value::set(vec!["10.0.0.0/24".into()]));
        assert!(moved.entry("timeouts").is_null());
    }

    #[test]
    fn a_pool_cidr_is_found_by_its_block_when_the_old_state_has_no_id_of_aws() {
        let by = |state: Value| pool_cidr_id(state.as_object().unwrap());
        let with =
            json!({"ipam_pool_cidr_id": "ipam-pool-cidr-1", "cidr": "10.0.0.0/8", "ipam_pool_id": "ipam-pool-1"});
        assert_eq!(by(with).as_deref(), Some("ipam-pool-cidr-1_ipam-pool-1"));
        assert_eq!(
            by(json!({"cidr": "10.0.0.0/8", "ipam_pool_id": "ipam-pool-1"})).as_deref(),
            Some("10.0.0.0/8_ipam-pool-1")
        );
        assert_eq!(by(json!({"cidr": "10.0.0.0/8"})), None);
    }
}
