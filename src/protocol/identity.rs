//! Resource identities: what names an object for imports and lists, independent of its configuration.
//!
//! The identity of an object is its `id`. It stays the same when the object is renamed, resized or moved to another address in
//! the configuration. A resource without the attribute `id` has no identity. Clients before Terraform 1.12 and OpenTofu 1.12
//! ignore identities.

use super::catalog::Catalog;
use super::value;
use super::wire::resource_identity_schema::IdentityAttribute;
use super::wire::{
    RawState, ResourceIdentityData, ResourceIdentitySchema, get_resource_identity_schemas, upgrade_resource_identity,
};
use crate::tf::{Diagnostic, Diagnostics, Path, Type, Value, from_json};

/// The version of the schema of identities.
const VERSION: i64 = 0;

/// The only attribute of an identity.
const ID: &str = "id";

fn identity_type() -> Type {
    Type::object([(ID, Type::String)])
}

/// Whether objects of this type have an identity.
fn has_identity(ty: &Type) -> bool {
    matches!(ty, Type::Object(attributes, _) if attributes.get(ID) == Some(&Type::String))
}

pub(super) fn schemas(
    catalog: &Catalog,
    _: &get_resource_identity_schemas::Request,
) -> Result<get_resource_identity_schemas::Response, Diagnostics> {
    let id = IdentityAttribute {
        name: ID.to_owned(),
        r#type: Type::String.to_json().to_string().into_bytes(),
        required_for_import: true,
        optional_for_import: false,
        description: "ID of the object.".to_owned(),
    };
    let schema = ResourceIdentitySchema { version: VERSION, identity_attributes: vec![id] };
    let with_identity = catalog.resource_types().filter(|(_, ty)| has_identity(ty));
    let identity_schemas = with_identity.map(|(type_name, _)| (type_name.to_owned(), schema.clone())).collect();
    Ok(get_resource_identity_schemas::Response { identity_schemas, ..Default::default() })
}

/// The identity of an object with this value, which has type `ty`; `None` for no object, and for a planned object whose id is not
/// known yet: OpenTofu 1.12 cannot write a plan with an identity that is not known.
pub(super) fn of(object: &Value, ty: &Type) -> Result<Option<ResourceIdentityData>, Diagnostics> {
    let id = object.entry(ID);
    if id.is_null() || id.is_unknown() || !has_identity(ty) {
        return Ok(None);
    }
    encoded(id.clone()).map(Some)
}

/// The identity with this id.
pub(super) fn with_id(id: String) -> Result<ResourceIdentityData, Diagnostics> {
    encoded(Value::String(id))
}

fn encoded(id: Value) -> Result<ResourceIdentityData, Diagnostics> {
    let identity = Value::Map([(ID.to_owned(), id)].into());
    Ok(ResourceIdentityData { identity_data: Some(value::encode(&identity, &identity_type())?) })
}

/// The id that an identity in an import contains.
pub(super) fn id(identity: &ResourceIdentityData) -> Result<String, Diagnostics> {
    let identity = value::decode_object(identity.identity_data.as_ref(), &identity_type(), "identity")?;
    match identity.entry(ID) {
        Value::String(id) if !id.is_empty() => Ok(id.clone()),
        _ => Err(Diagnostic::error(
            "Import needs an id",
            "The identity has no `id`: write `identity = { id = \"...\" }`.",
        )
        .at(Path::root())
        .into()),
    }
}

/// Every identity has the present version.
pub(super) fn upgrade(
    catalog: &Catalog,
    request: &upgrade_resource_identity::Request,
) -> Result<upgrade_resource_identity::Response, Diagnostics> {
    let (_, ty) = catalog.resource(&request.type_name)?;
    let damaged = |detail: String| Diagnostics::from(Diagnostic::error("Damaged identity", detail));
    if !has_identity(ty) {
        return Err(damaged(format!("{} has no identity.", request.type_name)));
    }
    if request.version > VERSION {
        let detail = format!(
            "The identity in the state has version {}, and this release of the provider knows versions up to {VERSION}. Use the \
             release that wrote the state, or a later one.",
            request.version
        );
        return Err(Diagnostic::error("Identity of a newer provider", detail).into());
    }
    let json = request.raw_identity.as_ref().map_or(&[][..], |RawState { json, .. }| json);
    let identity = value::parse_json(json).and_then(|json| from_json(&json, &identity_type()));
    let identity = identity.map_err(|sentence| damaged(format!("The stored identity cannot be read: {sentence}")))?;
    if identity.entry(ID).is_null() {
        return Err(damaged("The stored identity has no `id`.".to_owned()));
    }
    let identity_data = Some(value::encode(&identity, &identity_type())?);
    let upgraded_identity = Some(ResourceIdentityData { identity_data });
    Ok(upgrade_resource_identity::Response { upgraded_identity, ..Default::default() })
}
