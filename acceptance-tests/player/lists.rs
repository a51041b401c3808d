//! List resources and generated configurations, as `terraform query` asks for them (Terraform 1.14).

use serde_json::Value as Json;
use terraform_provider_ipam::protocol::wire;
use terraform_provider_ipam::tf::Value;

use super::{Messages, Player, block_type, decode, has_error, shown, value};

/// One result of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub display_name: String,
    pub identity: Value,
    /// Null if the list was asked without `include_resource`.
    pub object: Value,
}

impl Player {
    /// Lists as Terraform does: validates, reads events up to the limit, and cancels the call. The other part of the answer
    /// is the warnings.
    pub async fn list(
        &mut self,
        type_name: &str,
        config: &Json,
        (limit, include_object): (i64, bool),
    ) -> Result<(Vec<Listed>, Messages), Messages> {
        let schema = self.schemas.list_resource_schemas.get(type_name);
        let block = schema.and_then(|schema| schema.block.clone()).unwrap_or_else(|| panic!("no list {type_name}"));
        let ty = block_type(&block);
        let object_type = self.resource_type(type_name);
        let config = Some(self.encode(&value(config, &ty), &ty));
        let request = wire::validate_list_resource_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
            ..Default::default()
        };
        let validated = self.client.validate_list_resource_config(request).await.unwrap().into_inner();
        if has_error(&validated.diagnostics) {
            return Err(shown(&validated.diagnostics));
        }
        let request = wire::list_resource::Request {
            type_name: type_name.to_owned(),
            config,
            include_resource_object: include_object,
            limit,
        };
        let mut events = self.client.list_resource(request).await.unwrap().into_inner();
        let (mut listed, mut warnings) = (Vec::new(), Messages::new());
        while i64::try_from(listed.len()).unwrap() < limit
            && let Some(event) = events.message().await.unwrap()
        {
            if has_error(&event.diagnostic) {
                return Err(shown(&event.diagnostic));
            }
            warnings.extend(shown(&event.diagnostic));
            let Some(identity) = event.identity else {
                assert!(!warnings.is_empty(), "missing identity data in an event for {type_name}");
                continue;
            };
            let object = decode(event.resource_object.as_ref(), &object_type);
            assert_eq!(object.is_null(), !include_object, "{object:?}");
            assert!(object.is_wholly_known(), "{object:?}");
            let identity = self.identities.read_one(type_name, &identity);
            listed.push(Listed { display_name: event.display_name, identity, object });
        }
        Ok((listed, warnings))
    }

    /// Generates the configuration of an object.
    pub async fn generate(&mut self, type_name: &str, object: &Value) -> (Value, Messages) {
        let ty = self.resource_type(type_name);
        let state = Some(self.encode(object, &ty));
        let request = wire::generate_resource_config::Request { type_name: type_name.to_owned(), state };
        let response = self.client.generate_resource_config(request).await.unwrap().into_inner();
        assert!(!has_error(&response.diagnostics), "{:?}", response.diagnostics);
        (decode(response.config.as_ref(), &ty), shown(&response.diagnostics))
    }
}
