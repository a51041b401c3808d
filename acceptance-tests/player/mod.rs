//! A player of Terraform's part: the calls of a plan, an apply and a refresh, in terms of values, and Terraform's own
//! checks of the answers (the rules of the change lifecycle). A failed check panics with Terraform's message.

pub mod actions;
pub mod client;
pub mod ephemeral;
pub mod identities;
pub mod lists;
pub mod old_numbers;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use terraform_provider_ipam::protocol::msgpack;
use terraform_provider_ipam::protocol::wire::{self, ClientCapabilities, DynamicValue, RawState, schema};
use terraform_provider_ipam::tf::{self, Number, Type, Value};
use tonic::transport::Channel;

use self::client::Plugin;
use self::identities::Identities;
use wire::provider_client::ProviderClient;

/// Diagnostics in short: `error|warning: summary (path): detail`.
pub type Messages = Vec<String>;

/// An object as Terraform keeps it in the state: its value and the data that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub value: Value,
    pub private: Vec<u8>,
    /// Null if the state was written by a client without identities.
    pub identity: Value,
}

/// The result of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    pub value: Value,
    pub private: Vec<u8>,
    pub identity: Value,
    /// Paths of the attributes that require replacement, as text.
    pub replace: Vec<String>,
}

/// Options of a plan.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// The capabilities of the client; with `deferral_allowed`, Terraform 1.9 to 1.15 mark the plan of an apply.
    pub capabilities: ClientCapabilities,
    /// The private data of the first plan (Terraform 1.16).
    pub first_plan: Vec<u8>,
}

/// A provider, called as Terraform calls it.
pub struct Player {
    client: ProviderClient<Channel>,
    schemas: wire::get_provider_schema::Response,
    identities: Identities,
    version: &'static str,
}

impl Player {
    /// Reads the schemas, as Terraform does first.
    pub async fn new(plugin: &Plugin) -> Self {
        let mut client = plugin.provider.clone();
        let schemas = client.get_provider_schema(wire::get_provider_schema::Request {}).await.unwrap().into_inner();
        assert_eq!(shown(&schemas.diagnostics), Messages::new());
        let identities = Identities::read(&mut client).await;
        Self { client, schemas, identities, version: "1.11.4" }
    }

    /// Makes this player a client of that version. Versions before 1.9 lose digits of numbers, see
    /// [`super::old_numbers`].
    pub fn of_version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    fn is_old(&self) -> bool {
        old_numbers::VERSIONS.contains(&self.version)
    }

    fn encode(&self, value: &Value, ty: &Type) -> DynamicValue {
        let msgpack = if self.is_old() { old_numbers::encode(value, ty) } else { msgpack::encode(value, ty).unwrap() };
        DynamicValue { msgpack, json: Vec::new() }
    }

    pub fn schemas(&self) -> &wire::get_provider_schema::Response {
        &self.schemas
    }

    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    fn resource_block(&self, type_name: &str) -> schema::Block {
        let schema = self.schemas.resource_schemas.get(type_name);
        schema.and_then(|schema| schema.block.clone()).unwrap_or_else(|| panic!("no resource {type_name}"))
    }

    fn resource_type(&self, type_name: &str) -> Type {
        block_type(&self.resource_block(type_name))
    }

    /// A configuration in which omitted attributes are null. `"<unknown>"` stands for an unknown value.
    pub fn config(&self, type_name: &str, json: &Json) -> Value {
        with_unknowns(value(json, &self.resource_type(type_name)))
    }

    /// Configures the provider.
    pub async fn configure(&mut self, config: &Json) -> Messages {
        let ty = block_type(self.schemas.provider.as_ref().and_then(|schema| schema.block.as_ref()).unwrap());
        let config = Some(self.encode(&with_unknowns(value(config, &ty)), &ty));
        let request = wire::validate_provider_config::Request { config: config.clone() };
        let validated = self.client.validate_provider_config(request).await.unwrap().into_inner();
        if has_error(&validated.diagnostics) {
            return shown(&validated.diagnostics);
        }
        let request = wire::configure_provider::Request {
            terraform_version: self.version.to_owned(),
            config,
            client_capabilities: None,
        };
        shown(&self.client.configure_provider(request).await.unwrap().into_inner().diagnostics)
    }

    /// Validates a resource.
    pub async fn validate(&mut self, type_name: &str, config: &Value) -> Messages {
        let request = wire::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(self.encode(config, &self.resource_type(type_name))),
            client_capabilities: None,
        };
        shown(&self.client.validate_resource_config(request).await.unwrap().into_inner().diagnostics)
    }

    /// Plans `config` over `prior`, and checks the plan as Terraform does.
    pub async fn plan(
        &mut self,
        type_name: &str,
        prior: Option<&State>,
        config: &Value,
        options: PlanOptions,
    ) -> Result<(Planned, Messages), Messages> {
        let block = self.resource_block(type_name);
        let ty = block_type(&block);
        let prior_value = prior.map_or(&Value::Null, |state| &state.value);
        let request = wire::plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(self.encode(prior_value, &ty)),
            proposed_new_state: Some(self.encode(&proposed(&block, prior_value, config), &ty)),
            config: Some(self.encode(config, &ty)),
            prior_private: prior.map(|state| state.private.clone()).unwrap_or_default(),
            client_capabilities: Some(options.capabilities),
            planned_private: options.first_plan,
            prior_identity: prior.and_then(|state| self.identities.encode(type_name, &state.identity)),
            ..Default::default()
        };
        let response = self.client.plan_resource_change(request).await.unwrap().into_inner();
        if has_error(&response.diagnostics) {
            return Err(shown(&response.diagnostics));
        }
        let value = decode(response.planned_state.as_ref(), &ty);
        check_plan(&block, prior_value, config, &value);
        let replace: Vec<String> = response.requires_replace.iter().map(path).collect();
        let identity = self.identities.decode(type_name, response.planned_identity.as_ref(), &value);
        // An imported object that does not exist yet gets its id now.
        let has_identity = |state: &State| !state.identity.is_null() && !state.value.entry("id").is_null();
        if replace.is_empty() && prior.is_some_and(has_identity) && !value.is_null() {
            assert_eq!(identity, prior.unwrap().identity, "an update changes the identity");
        }
        Ok((Planned { value, private: response.planned_private, identity, replace }, shown(&response.diagnostics)))
    }

    /// Applies a plan of a new or changed object; errors come with the state that was reached.
    pub async fn apply(
        &mut self,
        type_name: &str,
        prior: Option<&State>,
        planned: &Planned,
        config: &Value,
    ) -> Result<State, (Messages, State)> {
        let ty = self.resource_type(type_name);
        let request = wire::apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(self.encode(prior.map_or(&Value::Null, |state| &state.value), &ty)),
            planned_state: Some(self.encode(&planned.value, &ty)),
            config: Some(self.encode(config, &ty)),
            planned_private: planned.private.clone(),
            planned_identity: self.identities.encode(type_name, &planned.identity),
            ..Default::default()
        };
        let response = self.client.apply_resource_change(request).await.unwrap().into_inner();
        let value = decode(response.new_state.as_ref(), &ty);
        let identity = self.identities.decode(type_name, response.new_identity.as_ref(), &value);
        let state = State { value, private: response.private, identity };
        if has_error(&response.diagnostics) {
            return Err((shown(&response.diagnostics), state));
        }
        assert!(state.value.is_wholly_known(), "unknown after apply: {:?}", state.value);
        check_kept(&planned.value, &state.value, &mut String::new());
        if !planned.identity.is_null() {
            check_kept(&planned.identity, &state.identity, &mut "identity".to_owned());
        }
        Ok(state)
    }

    /// Deletes an object.
    pub async fn delete(&mut self, type_name: &str, prior: &State) -> Messages {
        let (private, replace) = (prior.private.clone(), Vec::new());
        let planned = Planned { value: Value::Null, private, identity: Value::Null, replace };
        match self.apply(type_name, Some(prior), &planned, &Value::Null).await {
            Ok(state) => {
                assert_eq!(state.value, Value::Null, "the state must be empty");
                Messages::new()
            }
            Err((messages, _)) => messages,
        }
    }

    /// Applies a saved plan as Terraform does: plans again, compares the two plans, and applies.
    pub async fn carry_out(
        &mut self,
        type_name: &str,
        prior: Option<&State>,
        first: &Planned,
        config: &Value,
    ) -> Result<State, Messages> {
        let capabilities = ClientCapabilities { deferral_allowed: !self.is_old(), ..Default::default() };
        let options = PlanOptions { capabilities, ..Default::default() };
        let (second, _) = self.plan(type_name, prior, config, options).await?;
        let saved = if self.is_old() { old_numbers::through_a_plan(&first.value) } else { first.value.clone() };
        check_kept(&saved, &second.value, &mut String::new());
        self.apply(type_name, prior, &second, config).await.map_err(|(messages, _)| messages)
    }

    /// Refreshes an object, with UpgradeResourceState first as at the beginning of every run; `None` when the object is
    /// gone.
    pub async fn refresh(&mut self, type_name: &str, state: &State) -> Result<Option<State>, Messages> {
        let schema = &self.schemas.resource_schemas[type_name];
        let (version, ty) = (schema.version, self.resource_type(type_name));
        let request = wire::upgrade_resource_state::Request {
            type_name: type_name.to_owned(),
            version,
            raw_state: Some(RawState { json: to_json(&state.value).to_string().into_bytes(), ..Default::default() }),
        };
        let upgraded = self.client.upgrade_resource_state(request).await.unwrap().into_inner();
        if has_error(&upgraded.diagnostics) {
            return Err(shown(&upgraded.diagnostics));
        }
        assert_eq!(decode(upgraded.upgraded_state.as_ref(), &ty), state.value, "the upgrade changed the state");
        let request = wire::read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: upgraded.upgraded_state,
            private: state.private.clone(),
            current_identity: self.identities.upgrade(&mut self.client, type_name, &state.identity).await,
            ..Default::default()
        };
        let response = self.client.read_resource(request).await.unwrap().into_inner();
        if has_error(&response.diagnostics) {
            return Err(shown(&response.diagnostics));
        }
        let value = decode(response.new_state.as_ref(), &ty);
        assert!(value.is_wholly_known(), "unknown after refresh: {value:?}");
        assert_eq!(response.private, state.private, "private data was lost");
        let identity = self.identities.decode(type_name, response.new_identity.as_ref(), &value);
        if !value.is_null() && !state.identity.is_null() {
            assert_eq!(identity, state.identity, "a refresh changes the identity");
        }
        Ok((!value.is_null()).then_some(State { value, private: response.private, identity }))
    }

    /// Imports by id, with the refresh that follows.
    pub async fn import(&mut self, type_name: &str, id: &str) -> Result<Option<State>, Messages> {
        self.import_by(type_name, id.to_owned(), None).await
    }

    /// Imports by identity (Terraform 1.12), with the refresh that follows.
    pub async fn import_by_identity(&mut self, type_name: &str, identity: &Value) -> Result<Option<State>, Messages> {
        let identity = self.identities.encode(type_name, identity);
        assert!(identity.is_some(), "{type_name} has no identity");
        self.import_by(type_name, String::new(), identity).await
    }

    async fn import_by(
        &mut self,
        type_name: &str,
        id: String,
        identity: Option<wire::ResourceIdentityData>,
    ) -> Result<Option<State>, Messages> {
        let request = wire::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id,
            identity,
            ..Default::default()
        };
        let response = self.client.import_resource_state(request).await.unwrap().into_inner();
        if has_error(&response.diagnostics) {
            return Err(shown(&response.diagnostics));
        }
        let [imported] = &response.imported_resources[..] else { panic!("exactly one object is imported") };
        assert_eq!(imported.type_name, type_name);
        let value = decode(imported.state.as_ref(), &self.resource_type(type_name));
        let identity = self.identities.decode(type_name, imported.identity.as_ref(), &value);
        self.refresh(type_name, &State { value, private: imported.private.clone(), identity }).await
    }

    /// Reads a data source.
    pub async fn read_data(&mut self, type_name: &str, config: &Json) -> Result<Value, Messages> {
        let schema = self.schemas.data_source_schemas.get(type_name);
        let block = schema.and_then(|schema| schema.block.clone()).unwrap_or_else(|| panic!("no data {type_name}"));
        let ty = block_type(&block);
        let config = self.encode(&value(config, &ty), &ty);
        let request = wire::validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(config.clone()),
        };
        let validated = self.client.validate_data_resource_config(request).await.unwrap().into_inner();
        if has_error(&validated.diagnostics) {
            return Err(shown(&validated.diagnostics));
        }
        let request = wire::read_data_source::Request {
            type_name: type_name.to_owned(),
            config: Some(config),
            ..Default::default()
        };
        let response = self.client.read_data_source(request).await.unwrap().into_inner();
        if has_error(&response.diagnostics) {
            return Err(shown(&response.diagnostics));
        }
        let state = decode(response.state.as_ref(), &ty);
        assert!(!state.is_null() && state.is_wholly_known(), "{state:?}");
        Ok(state)
    }

    /// Calls a function; an error is its text and its argument.
    pub async fn call(&mut self, name: &str, arguments: &[Json]) -> Result<Value, (String, Option<i64>)> {
        let function = self.schemas.functions.get(name).unwrap_or_else(|| panic!("no function {name}")).clone();
        let variadic = function.variadic_parameter.iter().cycle();
        let parameters = function.parameters.iter().chain(variadic);
        let arguments = parameters.zip(arguments).map(|(parameter, json)| {
            let ty = type_of(&parameter.r#type);
            self.encode(&value(json, &ty), &ty)
        });
        let request = wire::call_function::Request { name: name.to_owned(), arguments: arguments.collect() };
        let response = self.client.call_function(request).await.unwrap().into_inner();
        match response.error {
            Some(error) => Err((error.text, error.function_argument)),
            None => Ok(decode(response.result.as_ref(), &type_of(&function.r#return.unwrap().r#type))),
        }
    }

    /// Stops the provider, as Ctrl-C does.
    pub async fn stop(&mut self) {
        self.client.stop_provider(wire::stop_provider::Request {}).await.unwrap();
    }
}

fn value(json: &Json, ty: &Type) -> Value {
    tf::from_json(json, ty).unwrap_or_else(|sentence| panic!("{sentence}"))
}

fn with_unknowns(value: Value) -> Value {
    match value {
        Value::String(text) if text == "<unknown>" => Value::Unknown,
        Value::List(items) => Value::List(items.into_iter().map(with_unknowns).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, with_unknowns(value))).collect())
        }
        value => value,
    }
}

/// A known value as Terraform writes it into the state file.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown => panic!("unknown values are in no state"),
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(Number::Finite(number)) => serde_json::from_str(&number.to_plain_string()).unwrap(),
        Value::Number(infinite) => panic!("{infinite} is in no state"),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        Value::Dynamic(inner) => serde_json::json!({"type": inner.0.to_json(), "value": to_json(&inner.1)}),
    }
}

pub fn decode(value: Option<&DynamicValue>, ty: &Type) -> Value {
    match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty).expect("a value of the schema"),
        _ => Value::Null,
    }
}

pub fn type_of(json: &[u8]) -> Type {
    Type::from_json(&serde_json::from_slice(json).unwrap()).unwrap()
}

fn attribute_type(attribute: &schema::Attribute) -> Type {
    let Some(nested) = &attribute.nested_type else { return type_of(&attribute.r#type) };
    let object = Type::object(nested.attributes.iter().map(|inner| (inner.name.clone(), attribute_type(inner))));
    match nested.nesting() {
        schema::object::NestingMode::List => Type::list(object),
        schema::object::NestingMode::Set => Type::set(object),
        schema::object::NestingMode::Map => Type::map(object),
        _ => object,
    }
}

fn block_type(block: &schema::Block) -> Type {
    let attributes = block.attributes.iter().map(|attribute| (attribute.name.clone(), attribute_type(attribute)));
    let blocks = block.block_types.iter().map(|nested| {
        let ty = block_type(nested.block.as_ref().expect("every block has a content"));
        let is_list = nested.nesting() == schema::nested_block::NestingMode::List;
        (nested.type_name.clone(), if is_list { Type::list(ty) } else { ty })
    });
    Type::object(attributes.chain(blocks))
}

/// The state that Terraform proposes: the configuration, and the prior value wherever the configuration has none and
/// the provider may set one.
fn proposed(block: &schema::Block, prior: &Value, config: &Value) -> Value {
    let Value::Map(config) = config else { return Value::Null };
    let mut proposed = config.clone();
    for attribute in block.attributes.iter().filter(|attribute| attribute.computed) {
        if config[&attribute.name].is_null() {
            let start = if prior.is_null() { &Value::Unknown } else { prior.entry(&attribute.name) };
            proposed.insert(attribute.name.clone(), start.clone());
        }
    }
    Value::Map(proposed)
}

/// Makes the check of Terraform whose error is "Provider produced invalid plan".
fn check_plan(block: &schema::Block, prior: &Value, config: &Value, planned: &Value) {
    let (Value::Map(config), Value::Map(planned)) = (config, planned) else {
        assert!(config.is_null() && planned.is_null(), "planned {planned:?} for {config:?}");
        return;
    };
    for attribute in &block.attributes {
        let name = &attribute.name;
        let (wrote, was, plans) = (&config[name], prior.entry(name), &planned[name]);
        let is_open = attribute.computed && wrote.is_null();
        let is_kept = plans == wrote || (!was.is_null() && plans == was);
        assert!(
            is_open || is_kept || attribute.nested_type.is_some(),
            "invalid plan: {name} is {plans:?}, not {wrote:?}"
        );
    }
    for nested in &block.block_types {
        let (wrote, plans) = (&config[&nested.type_name], &planned[&nested.type_name]);
        assert_eq!(wrote.is_null(), plans.is_null(), "invalid plan: block {}", nested.type_name);
    }
}

/// Makes the checks of Terraform whose errors are "inconsistent final plan" and "inconsistent result after apply":
/// known values must stay.
fn check_kept(planned: &Value, now: &Value, at: &mut String) {
    match (planned, now) {
        (Value::Unknown, _) => {}
        (Value::Map(planned), Value::Map(now)) => {
            assert!(planned.keys().eq(now.keys()), "{at}: other keys");
            for (key, value) in planned {
                let length = at.len();
                at.push('.');
                at.push_str(key);
                check_kept(value, &now[key], at);
                at.truncate(length);
            }
        }
        (Value::List(planned), Value::List(now)) if planned.len() == now.len() => {
            for (planned, now) in planned.iter().zip(now) {
                check_kept(planned, now, at);
            }
        }
        (planned, now) => assert_eq!(planned, now, "inconsistent at {at}"),
    }
}

fn has_error(diagnostics: &[wire::Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity() == wire::diagnostic::Severity::Error)
}

fn path(path: &wire::AttributePath) -> String {
    use wire::attribute_path::step::Selector;
    let steps = path.steps.iter().map(|step| match step.selector.as_ref().expect("a step has a selector") {
        Selector::AttributeName(name) => tf::Step::Attribute(name.clone()),
        Selector::ElementKeyString(key) => tf::Step::Key(key.clone()),
        Selector::ElementKeyInt(index) => tf::Step::Index(*index),
    });
    tf::Path(steps.collect()).to_string()
}

/// Formats diagnostics in short.
pub fn shown(diagnostics: &[wire::Diagnostic]) -> Messages {
    let one = |diagnostic: &wire::Diagnostic| {
        let severity = match diagnostic.severity() {
            wire::diagnostic::Severity::Error => "error",
            wire::diagnostic::Severity::Warning => "warning",
            wire::diagnostic::Severity::Invalid => panic!("a diagnostic without severity: {diagnostic:?}"),
        };
        let at = diagnostic.attribute.as_ref().map(|at| format!(" ({})", path(at))).unwrap_or_default();
        format!("{severity}: {}{at}: {}", diagnostic.summary, diagnostic.detail)
    };
    diagnostics.iter().map(one).collect()
}

/// The entries of an object, for tests that need a few of them.
pub fn entries(value: &Value) -> &BTreeMap<String, Value> {
    match value {
        Value::Map(entries) => entries,
        other => panic!("no object: {other:?}"),
    }
}
