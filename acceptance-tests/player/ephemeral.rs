//! The calls for ephemeral resources, with Terraform's checks of the answers.

use serde_json::Value as Json;
use terraform_provider_ipam::protocol::wire;
use terraform_provider_ipam::tf::Value;

use super::{Messages, Player, block_type, check_plan, decode, has_error, shown, value, with_unknowns};

/// An ephemeral resource that is open.
#[derive(Clone, Debug)]
pub struct Opened {
    pub value: Value,
    pub private: Option<Vec<u8>>,
    /// Seconds since 1970.
    pub renew_at: Option<i64>,
    pub warnings: Messages,
}

impl Player {
    /// Validates and opens an ephemeral resource.
    pub async fn open(&mut self, type_name: &str, config: &Json) -> Result<Opened, Messages> {
        let schema = self.schemas.ephemeral_resource_schemas.get(type_name);
        let block =
            schema.and_then(|schema| schema.block.clone()).unwrap_or_else(|| panic!("no ephemeral {type_name}"));
        let ty = block_type(&block);
        let config = with_unknowns(value(config, &ty));
        let encoded = Some(self.encode(&config, &ty));
        let type_name = type_name.to_owned();
        let request =
            wire::validate_ephemeral_resource_config::Request { type_name: type_name.clone(), config: encoded.clone() };
        let validated = self.client.validate_ephemeral_resource_config(request).await.unwrap().into_inner();
        if has_error(&validated.diagnostics) {
            return Err(shown(&validated.diagnostics));
        }
        let request = wire::open_ephemeral_resource::Request {
            type_name,
            config: encoded,
            // Terraform sends no capabilities here.
            client_capabilities: None,
        };
        let opened = self.client.open_ephemeral_resource(request).await.unwrap().into_inner();
        if has_error(&opened.diagnostics) {
            return Err(shown(&opened.diagnostics));
        }
        let value = decode(opened.result.as_ref(), &ty);
        check_plan(&block, &Value::Null, &config, &value);
        let renew_at = opened.renew_at.map(|time| time.seconds);
        Ok(Opened { value, private: opened.private, renew_at, warnings: shown(&opened.diagnostics) })
    }

    /// Renews an ephemeral resource. The answer is the private data for the next renewal, and the time for it.
    pub async fn renew(
        &mut self,
        type_name: &str,
        private: Option<Vec<u8>>,
    ) -> Result<(Option<Vec<u8>>, Option<i64>), Messages> {
        let request = wire::renew_ephemeral_resource::Request { type_name: type_name.to_owned(), private };
        let renewed = self.client.renew_ephemeral_resource(request).await.unwrap().into_inner();
        if has_error(&renewed.diagnostics) {
            return Err(shown(&renewed.diagnostics));
        }
        Ok((renewed.private, renewed.renew_at.map(|time| time.seconds)))
    }

    /// Closes an ephemeral resource. The close gets the private data of the opening.
    pub async fn close(&mut self, type_name: &str, opened: &Opened) -> Messages {
        let private = opened.private.clone();
        let request = wire::close_ephemeral_resource::Request { type_name: type_name.to_owned(), private };
        shown(&self.client.close_ephemeral_resource(request).await.unwrap().into_inner().diagnostics)
    }
}
