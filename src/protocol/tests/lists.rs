//! List resources and generated configurations, over a list that is made for the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_stream::StreamExt;
use tonic::Request;

use super::super::wire::provider_server::Provider as Service;
use super::super::wire::{self, DynamicValue, list_resource};
use super::super::{Server, msgpack, path};
use super::{Thing, Things, decoded, first, null, provider, server, thing, thing_type, type_name};
use crate::tf::{Diagnostic, Diagnostics, Entries, Found, ListOptions, ListResource, Listed, Model, Path, Tf, Value};

crate::model! {
    /// Lists things.
    pub(super) struct ThingListModel {
        /// Number of things.
        count: u64 => default(3),
        /// Number of the thing that is a warning.
        warning: u64 => optional(),
        /// Number of the thing that is an error.
        error: u64 => optional(),
    }
}

#[derive(Default)]
pub(super) struct ThingList {
    produced: Arc<AtomicU64>,
}

impl ListResource for ThingList {
    type Config = ThingListModel;
    type Object = Thing;
    const TYPE: &'static str = "test_thing";

    fn validate(&self, config: &ThingListModel) -> Diagnostics {
        let is_zero = config.count == Tf::Known(0);
        is_zero.then(|| Diagnostic::error("Nothing", "No.").at(Path::attribute("count"))).into_iter().collect()
    }

    fn list<'a>(
        &'a self,
        config: ThingListModel,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<Thing>>, Diagnostics> {
        let count = *config.count.known(Path::attribute("count"))?;
        Ok(Box::new((0..count).map(move |number| {
            self.produced.fetch_add(1, Ordering::SeqCst);
            if config.warning == Tf::Known(number) {
                return Ok(Listed::Warning(Diagnostic::warning("Careful", "It is.").into()));
            }
            if config.error == Tf::Known(number) {
                return Err(Diagnostic::error("Broken", "It is.").into());
            }
            let object = Thing { name: format!("n{number}").into(), place: "here".to_owned().into() };
            let object = options.include_object.then_some(object);
            Ok(Listed::Found(Found { id: number.to_string(), display_name: format!("Thing {number}"), object }))
        })))
    }
}

fn listing(config: &[(&str, u64)]) -> Option<DynamicValue> {
    let ty = ThingListModel::block().value_type();
    let given = |name: &str| config.iter().find(|(known, _)| *known == name).map(|(_, number)| Tf::Known(*number));
    let config = ThingListModel {
        count: given("count").unwrap_or_default(),
        warning: given("warning").unwrap_or_default(),
        error: given("error").unwrap_or_default(),
    };
    Some(DynamicValue { msgpack: msgpack::encode(&config.encode(), &ty).unwrap(), json: vec![] })
}

async fn events(
    server: &Server,
    config: Option<DynamicValue>,
    limit: i64,
    include_resource_object: bool,
) -> Vec<list_resource::Event> {
    let request = list_resource::Request { type_name: type_name(), config, include_resource_object, limit };
    let stream = server.list_resource(Request::new(request)).await.unwrap().into_inner();
    stream.map(Result::unwrap).collect().await
}

/// Names of the events: the display name, or the summary of a message.
fn names(events: &[list_resource::Event]) -> Vec<String> {
    let name = |event: &list_resource::Event| match &event.diagnostic[..] {
        [] => event.display_name.clone(),
        found => first(found).0.to_owned(),
    };
    events.iter().map(name).collect()
}

#[tokio::test]
async fn an_event_has_an_identity_and_the_object_only_if_it_is_asked_for() {
    for include_object in [false, true] {
        let events = events(&server(), listing(&[("count", 2)]), 0, include_object).await;
        assert_eq!(names(&events), ["Thing 0", "Thing 1"]);
        for (number, event) in events.iter().enumerate() {
            let identity = event.identity.as_ref().and_then(|identity| identity.identity_data.as_ref()).unwrap();
            let ty = crate::tf::Type::object([("id", crate::tf::Type::String)]);
            let id = msgpack::decode(&identity.msgpack, &ty).unwrap();
            assert_eq!(*id.entry("id"), Value::from(number.to_string()));
            assert_eq!(event.resource_object.is_some(), include_object);
        }
    }
    let whole = events(&server(), listing(&[("count", 1)]), 0, true).await;
    let object = msgpack::decode(&whole[0].resource_object.as_ref().unwrap().msgpack, &thing_type()).unwrap();
    assert_eq!((object.entry("name"), object.entry("place")), (&"n0".into(), &"here".into()));
}

#[tokio::test]
async fn a_list_ends_at_the_limit_and_is_not_asked_for_more() {
    let list = ThingList::default();
    let produced = Arc::clone(&list.produced);
    let server = Server::new(provider(Things::default(), list));
    assert_eq!(names(&events(&server, listing(&[("count", 1000)]), 2, false).await), ["Thing 0", "Thing 1"]);
    assert_eq!(produced.load(Ordering::SeqCst), 2);
    let warned = listing(&[("count", 1000), ("warning", 1)]);
    let found = events(&server, warned, 2, false).await;
    assert_eq!(names(&found), ["Thing 0", "Careful", "Thing 2"], "a warning is not one of the objects");
    let refused = events(&server, listing(&[]), -1, false).await;
    assert_eq!(names(&refused), ["Invalid limit"]);
}

#[tokio::test]
async fn an_error_in_a_list_is_its_last_event() {
    let found = events(&server(), listing(&[("count", 9), ("error", 1)]), 0, false).await;
    assert_eq!(names(&found), ["Thing 0", "Broken"]);
}

#[tokio::test]
async fn a_list_block_without_a_configuration_has_its_defaults() {
    for config in [null(), None, listing(&[])] {
        assert_eq!(names(&events(&server(), config, 0, false).await).len(), 3);
    }
}

#[tokio::test]
async fn the_configuration_of_a_list_is_validated_at_its_attribute() {
    let validate = async |config| {
        let request =
            wire::validate_list_resource_config::Request { type_name: type_name(), config, ..Default::default() };
        server().validate_list_resource_config(Request::new(request)).await.unwrap().into_inner().diagnostics
    };
    assert_eq!(validate(listing(&[("count", 1)])).await, []);
    assert_eq!(validate(null()).await, []);
    let found = validate(listing(&[("count", 0)])).await;
    assert_eq!((found.len(), first(&found).0), (1, "Nothing"));
    assert_eq!(found[0].attribute, Some(path::to_wire(&Path::attribute("config").then("count"))));
}

#[tokio::test]
async fn list_resources_are_in_the_schema_and_in_the_metadata() {
    let schemas = server().get_provider_schema(Request::new(Default::default())).await.unwrap().into_inner();
    assert!(schemas.list_resource_schemas.contains_key("test_thing"));
    let metadata = server().get_metadata(Request::new(Default::default())).await.unwrap().into_inner();
    assert_eq!(metadata.list_resources.iter().map(|one| one.type_name.as_str()).collect::<Vec<_>>(), ["test_thing"]);
    assert!(metadata.server_capabilities.unwrap().generate_resource_config);
}

#[tokio::test]
async fn a_generated_configuration_has_what_a_user_would_write() {
    let generate = async |state| {
        let request = wire::generate_resource_config::Request { type_name: type_name(), state };
        server().generate_resource_config(Request::new(request)).await.unwrap().into_inner()
    };
    let answer = generate(thing("a", "there".into())).await;
    assert_eq!(answer.diagnostics, []);
    assert_eq!(decoded(answer.config), thing_value("a".into()));
    // Terraform 1.14.0 does not send the state.
    for state in [None, null()] {
        let answer = generate(state).await;
        assert_eq!(first(&answer.diagnostics).0, "The generated configuration is empty");
        assert_eq!(decoded(answer.config), thing_value(Value::Null));
    }
}

fn thing_value(name: Value) -> Value {
    Value::Map([("name".to_owned(), name), ("place".to_owned(), Value::Null)].into())
}
