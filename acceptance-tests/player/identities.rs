//! Resource identities, as Terraform 1.12 reads, keeps and checks them.

use std::collections::HashMap;

use terraform_provider_ipam::protocol::msgpack;
use terraform_provider_ipam::protocol::wire::provider_client::ProviderClient;
use terraform_provider_ipam::protocol::wire::{self, DynamicValue, RawState, ResourceIdentityData};
use terraform_provider_ipam::tf::{Type, Value};
use tonic::transport::Channel;

use super::{decode, shown, to_json, type_of};

/// The types of the identities of all resources, with the versions of their schemas.
pub struct Identities(HashMap<String, (Type, i64)>);

impl Identities {
    pub async fn read(client: &mut ProviderClient<Channel>) -> Self {
        let request = wire::get_resource_identity_schemas::Request {};
        let response = client.get_resource_identity_schemas(request).await.unwrap().into_inner();
        assert_eq!(shown(&response.diagnostics), [""; 0]);
        let read = |(type_name, schema): (String, wire::ResourceIdentitySchema)| {
            assert!(schema.identity_attributes.iter().any(|one| one.required_for_import), "{type_name}");
            let attributes = schema.identity_attributes.iter();
            let attributes = attributes.map(|attribute| (attribute.name.clone(), type_of(&attribute.r#type)));
            (type_name, (Type::object(attributes), schema.version))
        };
        Self(response.identity_schemas.into_iter().map(read).collect())
    }

    /// The resources that have an identity.
    pub fn type_names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub fn encode(&self, type_name: &str, identity: &Value) -> Option<ResourceIdentityData> {
        let (ty, _) = self.0.get(type_name)?;
        let encode = || DynamicValue { msgpack: msgpack::encode(identity, ty).unwrap(), json: Vec::new() };
        (!identity.is_null()).then(|| ResourceIdentityData { identity_data: Some(encode()) })
    }

    /// The identity itself.
    pub fn read_one(&self, type_name: &str, identity: &ResourceIdentityData) -> Value {
        decode(identity.identity_data.as_ref(), &self.0[type_name].0)
    }

    /// The identity in an answer about `object`. Its `id` must be that of the object. There is none while the id is not
    /// known. An imported object that does not exist yet has no id, and the identity that it was imported by.
    pub fn decode(&self, type_name: &str, identity: Option<&ResourceIdentityData>, object: &Value) -> Value {
        let Some((ty, _)) = self.0.get(type_name) else { return Value::Null };
        let identity = decode(identity.and_then(|identity| identity.identity_data.as_ref()), ty);
        let id = object.entry("id");
        if id.is_null() && !object.is_null() {
            return identity;
        }
        if id.is_unknown() {
            assert_eq!(identity, Value::Null, "OpenTofu 1.12 cannot write a plan with an unknown identity");
        } else {
            assert_eq!(identity.entry("id"), id, "the identity of {object:?}");
        }
        identity
    }

    /// Reads a stored identity, as Terraform does at the beginning of every run.
    pub async fn upgrade(
        &self,
        client: &mut ProviderClient<Channel>,
        type_name: &str,
        identity: &Value,
    ) -> Option<ResourceIdentityData> {
        let (_, version) = self.0.get(type_name).filter(|_| !identity.is_null())?;
        let json = to_json(identity).to_string().into_bytes();
        let request = wire::upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version: *version,
            raw_identity: Some(RawState { json, ..Default::default() }),
        };
        let response = client.upgrade_resource_identity(request).await.unwrap().into_inner();
        assert_eq!(shown(&response.diagnostics), [""; 0]);
        assert_eq!(&self.decode(type_name, response.upgraded_identity.as_ref(), identity), identity);
        response.upgraded_identity
    }
}
