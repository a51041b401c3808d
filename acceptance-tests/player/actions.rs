//! Actions, as Terraform 1.14 plans and invokes them.

use serde_json::Value as Json;
use terraform_provider_ipam::protocol::wire::{self, ClientCapabilities, DynamicValue, invoke_action::event::Type};

use super::{Messages, Player, block_type, has_error, shown, value, with_unknowns};

impl Player {
    fn action_config(&self, action_type: &str, config: &Json) -> Option<DynamicValue> {
        let schema = self.schemas.action_schemas.get(action_type).and_then(|action| action.schema.as_ref());
        let block = schema.and_then(|schema| schema.block.clone()).unwrap_or_else(|| panic!("no action {action_type}"));
        let ty = block_type(&block);
        Some(self.encode(&with_unknowns(value(config, &ty)), &ty))
    }

    /// Validates and plans an invocation.
    pub async fn plan_action(&mut self, action_type: &str, config: &Json) -> Messages {
        let config = self.action_config(action_type, config);
        let request =
            wire::validate_action_config::Request { type_name: action_type.to_owned(), config: config.clone() };
        let validated = self.client.validate_action_config(request).await.unwrap().into_inner();
        if has_error(&validated.diagnostics) {
            return shown(&validated.diagnostics);
        }
        let request = wire::plan_action::Request {
            action_type: action_type.to_owned(),
            config,
            client_capabilities: Some(ClientCapabilities::default()),
        };
        let planned = self.client.plan_action(request).await.unwrap().into_inner();
        // Terraform refuses a deferral of which it did not say that it is allowed.
        assert_eq!(planned.deferred, None);
        shown(&planned.diagnostics)
    }

    /// Invokes an action to its end: its progress, and the diagnostics at the end.
    pub async fn invoke(&mut self, action_type: &str, config: &Json) -> (Vec<String>, Messages) {
        let request = wire::invoke_action::Request {
            action_type: action_type.to_owned(),
            config: self.action_config(action_type, config),
            client_capabilities: Some(ClientCapabilities::default()),
        };
        let mut events = self.client.invoke_action(request).await.unwrap().into_inner();
        let (mut progress, mut end) = (Vec::new(), None);
        while let Some(event) = events.message().await.unwrap() {
            assert!(end.is_none(), "an event after the end: {event:?}");
            match event.r#type.expect("an event without a type makes Terraform crash") {
                Type::Progress(told) => progress.push(told.message),
                Type::Completed(completed) => end = Some(shown(&completed.diagnostics)),
            }
        }
        (progress, end.expect("the action ends"))
    }
}
