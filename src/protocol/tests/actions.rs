//! Tests of the calls for actions, and of their stream.

use futures::StreamExt;
use tonic::Request;
use wire::invoke_action::event::Type;

use super::*;

fn counting() -> String {
    "test_counting".to_owned()
}

/// The progress, and the diagnostics of the only event that ends the action.
async fn invoke(server: &Server, name: &str) -> (Vec<String>, Vec<wire::Diagnostic>) {
    let request = wire::invoke_action::Request {
        action_type: counting(),
        config: thing(name, Value::Null),
        client_capabilities: None,
    };
    let mut events = server.invoke_action(Request::new(request)).await.unwrap().into_inner();
    let mut progress = Vec::new();
    while let Some(event) = events.next().await {
        match event.unwrap().r#type.expect("Terraform crashes on an event without a type") {
            Type::Progress(told) => progress.push(told.message),
            Type::Completed(completed) => {
                assert!(events.next().await.is_none(), "nothing comes after the end");
                return (progress, completed.diagnostics);
            }
        }
    }
    panic!("the action has no end: {progress:?}")
}

#[tokio::test]
async fn an_action_tells_its_progress_and_ends_once() {
    let server = server();
    let (progress, diagnostics) = invoke(&server, "abc").await;
    assert_eq!(progress, ["0", "1", "2"]);
    assert_eq!((diagnostics.len(), first(&diagnostics)), (1, ("Counted", "That was all.")));
}

#[tokio::test]
async fn every_failure_of_an_action_ends_it_with_diagnostics() {
    let server = server();
    let (progress, diagnostics) = invoke(&server, "fails").await;
    assert_eq!((progress.len(), first(&diagnostics).0, diagnostics[1].summary.as_str()), (5, "Counted", "No"));
    assert!(diagnostics[1].attribute.is_some());
    let (progress, diagnostics) = invoke(&server, "panics").await;
    assert_eq!((progress.len(), first(&diagnostics).0), (6, "Bug in the provider"));
    let (progress, diagnostics) = invoke(&server, "").await;
    assert_eq!((progress.len(), first(&diagnostics)), (0, ("Invalid name", "A name is needed.")));

    let unknown = wire::invoke_action::Request { action_type: "no_such".to_owned(), ..Default::default() };
    let mut events = server.invoke_action(Request::new(unknown)).await.unwrap().into_inner();
    let Some(Type::Completed(completed)) = events.next().await.unwrap().unwrap().r#type else { panic!("not the end") };
    assert_eq!(first(&completed.diagnostics).0, "Unknown action type");
}

#[tokio::test]
async fn an_interrupt_ends_an_action_soon() {
    let server = server();
    server.stop_provider(Request::new(Default::default())).await.unwrap();
    let (progress, diagnostics) = invoke(&server, "abc").await;
    assert_eq!((progress.len(), first(&diagnostics).0), (0, "Interrupted"));
}

#[tokio::test]
async fn an_action_is_planned_with_what_is_known() {
    let server = server();
    let plan = async |name: Value| {
        let value = Value::Map([("name".to_owned(), name), ("place".to_owned(), Value::Null)].into());
        let config = DynamicValue { msgpack: msgpack::encode(&value, &thing_type()).unwrap(), json: vec![] };
        let request =
            wire::plan_action::Request { action_type: counting(), config: Some(config), ..Default::default() };
        let response = server.plan_action(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(response.deferred, None);
        response.diagnostics
    };
    assert_eq!(plan("abc".into()).await, []);
    let unknown = plan(Value::Unknown).await;
    assert_eq!((first(&unknown).0, unknown[0].severity()), ("Later", wire::diagnostic::Severity::Warning));
    // A validation does not see that the value of an expression is null.
    assert_eq!(first(&plan(Value::Null).await).0, "Missing required argument");
    assert_eq!(first(&plan("".into()).await), ("Invalid name", "A name is needed."));

    let request = wire::validate_action_config::Request { type_name: counting(), config: thing("", Value::Null) };
    let found = server.validate_action_config(Request::new(request)).await.unwrap().into_inner().diagnostics;
    assert_eq!(first(&found).0, "Invalid name");
}

#[tokio::test]
async fn actions_are_in_the_schemas_and_in_the_metadata() {
    let server = server();
    let schemas = server.get_provider_schema(Request::new(Default::default())).await.unwrap().into_inner();
    let schema = schemas.action_schemas[&counting()].schema.as_ref().expect("Terraform crashes without it");
    assert_eq!(schema.block.as_ref().unwrap().attributes.len(), 2);
    let metadata = server.get_metadata(Request::new(Default::default())).await.unwrap().into_inner();
    assert_eq!(metadata.actions.into_iter().map(|one| one.type_name).collect::<Vec<_>>(), [counting()]);
}
