//! The service over a small provider, without a connection.

mod actions;
mod ephemeral;
mod lists;
mod streams;

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use tonic::Request;

use super::wire::provider_server::Provider as Service;
use super::wire::{self, ClientCapabilities, DynamicValue, RawState};
use super::{Server, install_panic_hook, msgpack};
use crate::at;
use crate::tf::{
    self, Action, Apply, Configure, DataSource, Diagnostic, Diagnostics, Function, FunctionError, Invocation, Model,
    MoveSource, Parameter, Path, Plan, Private, Provider, Resource, Signature, Stop, Tf, Type, Value, wrong_value,
};

crate::model! {
    /// A thing.
    pub(super) struct Thing {
        /// Its name; `panic` makes the provider panic.
        name: String => required(),
        /// Where it is.
        place: String => computed(),
    }
}

/// Arguments of a plan: committing, carries private data, private data, private data of the first plan.
type Asked = (bool, bool, Private, Option<Private>);

/// Records the arguments of its plans.
#[derive(Default)]
struct Things {
    plans: Arc<Mutex<Vec<Asked>>>,
}

fn unless_panic(thing: &Thing) {
    assert!(thing.name != Tf::Known("panic".to_owned()), "all is lost");
}

impl Resource for Things {
    type Model = Thing;
    const TYPE: &'static str = "test_thing";
    const VERSION: i64 = 1;

    fn validate(&self, config: &Thing) -> Diagnostics {
        unless_panic(config);
        let mut found = Diagnostics::new();
        if config.name == Tf::Known(String::new()) {
            found.push(Diagnostic::warning("Empty name", "It is.").at(Path::attribute("name").key("k").index(3)));
        }
        found
    }

    fn plan_create(&self, plan: &mut Plan<Thing>) -> Result<(), Diagnostics> {
        unless_panic(&plan.config);
        let seen = (plan.committing, plan.carries_private, plan.private.clone(), plan.first_plan.clone());
        self.plans.lock().unwrap().push(seen);
        plan.private.insert("planned".to_owned(), true.into());
        Ok(())
    }

    fn plan_update(&self, _: &Thing, plan: &mut Plan<Thing>) -> Result<(), Diagnostics> {
        plan.replace.push(Path::attribute("name"));
        Ok(())
    }

    fn create(&self, apply: &mut Apply<Thing>) -> Result<(), Diagnostics> {
        unless_panic(&apply.config);
        apply.state.place = Tf::Known("here".to_owned());
        if apply.stop.is_requested() {
            apply.reached = Some(apply.state.clone());
            return Err(Diagnostic::error("Stopped", "On request.").into());
        }
        Ok(())
    }

    fn update(&self, _: &Thing, _: &mut Apply<Thing>) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn delete(&self, prior: &Thing, _: &Stop) -> Result<(), Diagnostics> {
        unless_panic(prior);
        Ok(())
    }

    fn read(&self, state: Thing, _warnings: &mut Diagnostics) -> Result<Option<Thing>, Diagnostics> {
        Ok((state.name != Tf::Known("gone".to_owned())).then_some(state))
    }

    fn import(&self, id: &str) -> Result<Thing, Diagnostics> {
        Ok(Thing { name: Tf::Known(id.to_owned()), place: Tf::Known("there".to_owned()) })
    }

    fn upgrade(&self, version: i64, mut state: Json) -> Result<Json, Diagnostics> {
        assert_eq!(version, 0);
        let name = state["title"].take();
        Ok(json!({"name": name, "place": "old"}))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<Thing>, Diagnostics> {
        let name = source.state["label"].as_str().map(str::to_owned);
        Ok((source.type_name == "other_thing").then(|| Thing { name: name.into(), place: Tf::Null }))
    }
}

struct ThingData;

impl DataSource for ThingData {
    type Model = Thing;
    const TYPE: &'static str = "test_thing";

    fn validate(&self, config: &Thing) -> Diagnostics {
        unless_panic(config);
        Diagnostics::new()
    }

    fn read(&self, mut config: Thing) -> Result<Thing, Diagnostics> {
        config.place = Tf::Known("data".to_owned());
        Ok(config)
    }
}

struct Join;

impl Function for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature {
        let parameter = |name, allow_null| Parameter { name, ty: Type::String, description: "", allow_null };
        Signature {
            summary: "Joins.",
            description: "Joins texts.",
            parameters: vec![parameter("between", true)],
            variadic: Some(parameter("texts", false)),
            returns: Type::String,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let texts: Vec<_> = arguments[1..]
            .iter()
            .map(|value| match value {
                Value::String(text) => text.as_str(),
                _ => unreachable!("checked before"),
            })
            .collect();
        assert!(!texts.contains(&"panic"), "all is lost");
        let Value::String(between) = &arguments[0] else { return Ok(texts.concat().into()) };
        if between == "/" {
            return Err(FunctionError { text: "Not that one.".to_owned(), argument: Some(0) });
        }
        Ok(texts.join(between).into())
    }
}

/// An action that counts to the length of a name.
struct Counting;

impl Action for Counting {
    type Model = Thing;
    const TYPE: &'static str = "test_counting";

    fn validate(&self, config: &Thing) -> Diagnostics {
        unless_panic(config);
        if config.name.get().is_some_and(String::is_empty) {
            return wrong_value(&at!(Thing, name), "A name is needed.");
        }
        Diagnostics::new()
    }

    fn plan(&self, config: &Thing) -> Result<Diagnostics, Diagnostics> {
        let unknown = config.name.is_unknown().then(|| Diagnostic::warning("Later", "The name is not known yet."));
        Ok(unknown.into_iter().collect())
    }

    fn invoke(&self, config: &Thing, invocation: &mut Invocation<'_>) -> Result<(), Diagnostics> {
        let name = config.name.known(at!(Thing, name))?;
        for number in 0..name.len() {
            if invocation.should_end() {
                return Err(Diagnostic::error("Interrupted", "Not done.").into());
            }
            invocation.progress(number.to_string());
        }
        assert_ne!(name, "panics", "all is lost");
        invocation.warnings.push(Diagnostic::warning("Counted", "That was all."));
        if name == "fails" {
            Err(Diagnostic::error("No", "Not that name.").at(at!(Thing, name)).into())
        } else {
            Ok(())
        }
    }
}

struct Config;

impl Configure for Config {
    type Model = Thing;

    fn validate(&self, _: &Thing) -> Diagnostics {
        Diagnostics::new()
    }

    fn configure(&self, config: Thing, _: &str) -> Result<(), Diagnostics> {
        unless_panic(&config);
        Ok(())
    }
}

fn provider(things: Things, list: lists::ThingList) -> Provider {
    Provider {
        config: Box::new(Config),
        resources: vec![Box::new(things)],
        data_sources: vec![Box::new(ThingData)],
        actions: vec![Box::new(Counting)],
        ephemeral_resources: vec![Box::new(ephemeral::Loan)],
        list_resources: vec![Box::new(list)],
        functions: vec![Box::new(Join)],
        stop: Stop::default(),
        finish: Arc::new(|| {}),
    }
}

fn server_of(things: Things) -> Server {
    Server::new(provider(things, lists::ThingList::default()))
}

fn server() -> Server {
    server_of(Things::default())
}

fn thing_type() -> Type {
    Thing::block().value_type()
}

fn thing(name: &str, place: Value) -> Option<DynamicValue> {
    let value = Value::Map([("name".to_owned(), name.into()), ("place".to_owned(), place)].into());
    Some(DynamicValue { msgpack: msgpack::encode(&value, &thing_type()).unwrap(), json: vec![] })
}

fn null() -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: vec![0xc0], json: vec![] })
}

fn decoded(value: Option<DynamicValue>) -> Value {
    msgpack::decode(&value.unwrap().msgpack, &thing_type()).unwrap()
}

/// Summary and detail of the first diagnostic.
fn first(diagnostics: &[wire::Diagnostic]) -> (&str, &str) {
    diagnostics.first().map(|first| (first.summary.as_str(), first.detail.as_str())).unwrap()
}

fn type_name() -> String {
    "test_thing".to_owned()
}

fn plan_request(name: &str) -> wire::plan_resource_change::Request {
    wire::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: null(),
        proposed_new_state: thing(name, Value::Unknown),
        config: thing(name, Value::Null),
        ..Default::default()
    }
}

fn apply_request(name: &str) -> wire::apply_resource_change::Request {
    wire::apply_resource_change::Request {
        type_name: type_name(),
        prior_state: null(),
        planned_state: thing(name, Value::Unknown),
        config: thing(name, Value::Null),
        planned_private: br#"{"planned":true}"#.to_vec(),
        ..Default::default()
    }
}

#[tokio::test]
async fn schemas_match_the_models() {
    let schemas = server().get_provider_schema(Request::new(Default::default())).await.unwrap().into_inner();
    let schema = &schemas.resource_schemas["test_thing"];
    let block = schema.block.as_ref().unwrap();
    assert_eq!((schema.version, block.description.as_str()), (1, "A thing."));
    let name = &block.attributes[0];
    assert_eq!((name.name.as_str(), &name.r#type[..], name.required), ("name", &b"\"string\""[..], true));
    assert!(block.attributes[1].computed);
    assert!(schemas.functions["join"].r#return.is_some());
    assert!(schemas.provider.is_some() && schemas.data_source_schemas.contains_key("test_thing"));
    let capabilities = schemas.server_capabilities.unwrap();
    assert!(capabilities.get_provider_schema_optional && capabilities.move_resource_state);
    assert!(capabilities.plan_destroy && capabilities.generate_resource_config);
}

#[tokio::test]
async fn diagnostic_carries_its_path() {
    let request = wire::validate_resource_config::Request {
        type_name: type_name(),
        config: thing("", Value::Null),
        client_capabilities: None,
    };
    let found = server().validate_resource_config(Request::new(request)).await.unwrap().into_inner().diagnostics;
    assert_eq!(found[0].severity(), wire::diagnostic::Severity::Warning);
    use wire::attribute_path::step::Selector;
    let steps: Vec<_> =
        found[0].attribute.iter().flat_map(|path| &path.steps).map(|step| step.selector.clone()).collect();
    let expected = [
        Selector::AttributeName("name".to_owned()),
        Selector::ElementKeyString("k".to_owned()),
        Selector::ElementKeyInt(3),
    ];
    assert_eq!(steps, expected.map(Some));
}

/// Variable in the environment of a child process.
const CHILD: &str = "PROTOCOL_TEST_CHILD";

/// The hook is for the whole process: other tests would fail without a message, so this test runs in a child process.
#[test]
fn panic_of_the_provider_is_a_diagnostic_that_says_where() {
    if std::env::var_os(CHILD).is_some() {
        install_panic_hook();
        return panic_at_every_kind_of_call();
    }
    let mut child = test_servers::child(module_path!(), "panic_of_the_provider_is_a_diagnostic_that_says_where");
    let output = test_servers::succeed(child.env(CHILD, "1").spawn().unwrap());
    assert!(!output.contains("all is lost"), "the message belongs in the log: {output}");
}

#[tokio::main(flavor = "current_thread")]
async fn panic_at_every_kind_of_call() {
    let server = server();
    let answer = server.plan_resource_change(Request::new(plan_request("panic"))).await.unwrap().into_inner();
    let (summary, detail) = first(&answer.diagnostics);
    assert_eq!(summary, "Bug in the provider");
    assert!(detail.contains("all is lost at src/protocol/tests.rs"), "{detail}");

    let answer = server.apply_resource_change(Request::new(apply_request("panic"))).await.unwrap().into_inner();
    assert_eq!(first(&answer.diagnostics).0, "Bug in the provider");

    let arguments = ["-", "panic"].map(|text| DynamicValue { msgpack: vec![], json: json!(text).to_string().into() });
    let request = wire::call_function::Request { name: "join".to_owned(), arguments: arguments.into() };
    let error = server.call_function(Request::new(request)).await.unwrap().into_inner().error.unwrap();
    assert!(error.text.contains("all is lost"), "{}", error.text);

    // The provider continues to work.
    let answer = server.plan_resource_change(Request::new(plan_request("a"))).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty());
}

#[tokio::test]
async fn a_plan_knows_whether_it_is_the_second_plan() {
    let things = Things::default();
    let plans = things.plans.clone();
    let server = server_of(things);
    let private: Private = serde_json::from_value(json!({"a": 1})).unwrap();
    let none = Private::new();
    let bytes = serde_json::to_vec(&private).unwrap();
    let deferral = ClientCapabilities { deferral_allowed: true, ..Default::default() };
    let carrying = ClientCapabilities { store_planned_private: true, ..Default::default() };
    let table = [
        (None, vec![], vec![], (false, false, none.clone(), None)),
        (Some(deferral), vec![], bytes.clone(), (true, false, private.clone(), None)),
        (Some(carrying), vec![], vec![], (false, true, none.clone(), None)),
        (Some(carrying), bytes.clone(), vec![], (true, true, none.clone(), Some(private.clone()))),
        (None, b"{}".to_vec(), vec![], (true, false, none, Some(Private::new()))),
    ];
    for (client_capabilities, planned_private, prior_private, expected) in table {
        let request = wire::plan_resource_change::Request {
            client_capabilities,
            planned_private,
            prior_private,
            ..plan_request("a")
        };
        let answer = server.plan_resource_change(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
        assert_eq!(plans.lock().unwrap().pop().unwrap(), expected);
        let kept: Private = serde_json::from_slice(&answer.planned_private).unwrap();
        assert_eq!(kept["planned"], true);
    }
}

#[tokio::test]
async fn replaced_attributes_are_named() {
    let request = wire::plan_resource_change::Request { prior_state: thing("b", "x".into()), ..plan_request("a") };
    let answer = server().plan_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(answer.requires_replace, [super::path::to_wire(&Path::attribute("name"))]);
}

#[tokio::test]
async fn private_data_other_than_an_object_is_a_diagnostic() {
    let server = server();
    for rubbish in [&b"[]"[..], b"x", b"{\"a\":"] {
        let request = wire::plan_resource_change::Request { prior_private: rubbish.to_vec(), ..plan_request("a") };
        let answer = server.plan_resource_change(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(first(&answer.diagnostics).0, "Broken request");
        let request = wire::apply_resource_change::Request { planned_private: rubbish.to_vec(), ..apply_request("a") };
        let answer = server.apply_resource_change(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(first(&answer.diagnostics).0, "Broken request");
    }
}

#[tokio::test]
async fn apply_returns_state_and_private_data() {
    let answer = server().apply_resource_change(Request::new(apply_request("a"))).await.unwrap().into_inner();
    assert_eq!(decoded(answer.new_state), decoded(thing("a", "here".into())));
    assert_eq!(answer.private, br#"{"planned":true}"#);
}

#[tokio::test]
async fn an_interrupted_apply_returns_the_state_that_it_reached() {
    let server = server();
    let stopped = server.stop_provider(Request::new(Default::default())).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    let answer = server.apply_resource_change(Request::new(apply_request("a"))).await.unwrap().into_inner();
    assert_eq!(first(&answer.diagnostics).0, "Stopped");
    assert_eq!(decoded(answer.new_state), decoded(thing("a", "here".into())));
}

#[tokio::test]
async fn apply_without_a_prior_and_a_planned_object_is_refused() {
    let request = wire::apply_resource_change::Request { planned_state: null(), ..apply_request("a") };
    let answer = server().apply_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(
        first(&answer.diagnostics),
        ("Broken request", "The prior state from Terraform cannot be read: there is no value.")
    );
}

#[tokio::test]
async fn a_deleted_object_is_null() {
    let request = wire::apply_resource_change::Request {
        prior_state: thing("a", "here".into()),
        planned_state: null(),
        config: null(),
        ..apply_request("a")
    };
    let answer = server().apply_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!((answer.diagnostics, answer.new_state), (vec![], null()));
}

#[tokio::test]
async fn refresh_keeps_private_data_and_returns_null_for_a_deleted_object() {
    let server = server();
    for (name, expected) in [("a", thing("a", "here".into())), ("gone", null())] {
        let request = wire::read_resource::Request {
            type_name: type_name(),
            current_state: thing(name, "here".into()),
            private: b"anything".to_vec(),
            ..Default::default()
        };
        let answer = server.read_resource(Request::new(request)).await.unwrap().into_inner();
        assert_eq!((decoded(answer.new_state), &answer.private[..]), (decoded(expected), &b"anything"[..]));
    }
}

#[tokio::test]
async fn stored_states_of_every_version_are_read() {
    let server = server();
    let stored = |version, json: &str| wire::upgrade_resource_state::Request {
        type_name: type_name(),
        version,
        raw_state: Some(RawState { json: json.as_bytes().to_vec(), ..Default::default() }),
    };
    let good = [
        (stored(1, r#"{"name":"a","place":"here","left_out_since":1}"#), thing("a", "here".into())),
        (stored(0, r#"{"title":"a"}"#), thing("a", "old".into())),
    ];
    for (request, expected) in good {
        let answer = server.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(decoded(answer.upgraded_state), decoded(expected));
    }
    let flatmap = RawState { flatmap: [("name".to_owned(), "a".to_owned())].into(), ..Default::default() };
    let bad = [
        (stored(2, "{}"), "State of a newer provider"),
        (stored(1, "{"), "Damaged state"),
        (stored(1, ""), "Damaged state"),
        (stored(1, "null"), "Damaged state"),
        (stored(1, r#"{"name":1}"#), "Damaged state"),
        (wire::upgrade_resource_state::Request { raw_state: Some(flatmap), ..stored(1, "") }, "Damaged state"),
        (wire::upgrade_resource_state::Request { raw_state: None, ..stored(1, "") }, "Damaged state"),
    ];
    for (request, expected) in bad {
        let answer = server.upgrade_resource_state(Request::new(request.clone())).await.unwrap().into_inner();
        assert_eq!(first(&answer.diagnostics).0, expected, "{request:?}");
    }
}

#[tokio::test]
async fn import_needs_an_id() {
    let server = server();
    let request = |id: &str| wire::import_resource_state::Request {
        type_name: type_name(),
        id: id.to_owned(),
        ..Default::default()
    };
    let answer = server.import_resource_state(Request::new(request("a"))).await.unwrap().into_inner();
    let [imported] = <[_; 1]>::try_from(answer.imported_resources).unwrap();
    assert_eq!(
        (imported.type_name.as_str(), decoded(imported.state)),
        ("test_thing", decoded(thing("a", "there".into())))
    );
    let by_identity = wire::import_resource_state::Request { identity: Some(Default::default()), ..request("a") };
    for request in [request(""), by_identity] {
        let answer = server.import_resource_state(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(first(&answer.diagnostics).0, "Import needs an id");
    }
}

#[tokio::test]
async fn state_moves_only_from_supported_types() {
    let server = server();
    let request = |source: &str| wire::move_resource_state::Request {
        target_type_name: type_name(),
        source_type_name: source.to_owned(),
        source_state: Some(RawState { json: br#"{"label":"a"}"#.to_vec(), ..Default::default() }),
        ..Default::default()
    };
    let with_private =
        wire::move_resource_state::Request { source_private: b"theirs".to_vec(), ..request("other_thing") };
    let answer = server.move_resource_state(Request::new(with_private)).await.unwrap().into_inner();
    assert_eq!((decoded(answer.target_state), answer.target_private), (decoded(thing("a", Value::Null)), vec![]));
    let answer = server.move_resource_state(Request::new(request("alien_thing"))).await.unwrap().into_inner();
    assert_eq!(first(&answer.diagnostics).0, "Unsupported move");
}

#[tokio::test]
async fn state_of_this_type_moves_with_its_private_data() {
    let request = wire::move_resource_state::Request {
        target_type_name: type_name(),
        source_type_name: type_name(),
        source_provider_address: "registry.terraform.io/acme/test".to_owned(),
        source_state: Some(RawState { json: br#"{"title":"a"}"#.to_vec(), ..Default::default() }),
        source_private: b"ours".to_vec(),
        ..Default::default()
    };
    let answer = server().move_resource_state(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(
        (decoded(answer.target_state), &answer.target_private[..]),
        (decoded(thing("a", "old".into())), &b"ours"[..])
    );
}

#[tokio::test]
async fn a_data_source_is_read() {
    let request = wire::read_data_source::Request {
        type_name: type_name(),
        config: thing("a", Value::Null),
        ..Default::default()
    };
    let answer = server().read_data_source(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(decoded(answer.state), decoded(thing("a", "data".into())));
}

#[tokio::test]
async fn errors_of_functions_name_the_argument() {
    let server = server();
    let json = |json: Json| DynamicValue { msgpack: vec![], json: json.to_string().into_bytes() };
    // The encoding of null by OpenTofu.
    let empty = DynamicValue::default();
    let unknown = DynamicValue { msgpack: vec![0xd4, 0, 0], json: vec![] };
    let call = |arguments: &[&DynamicValue]| {
        let arguments = arguments.iter().map(|&value| value.clone()).collect();
        let request = wire::call_function::Request { name: "join".to_owned(), arguments };
        async {
            let answer = server.call_function(Request::new(request)).await.unwrap().into_inner();
            match answer.error {
                Some(error) => Err((error.text, error.function_argument)),
                None => Ok(msgpack::decode(&answer.result.unwrap().msgpack, &Type::String).unwrap()),
            }
        }
    };
    let (dash, a, b) = (&json(json!("-")), &json(json!("a")), &json(json!("b")));
    assert_eq!(call(&[dash, a, b]).await, Ok("a-b".into()));
    assert_eq!(call(&[&empty, a, b]).await, Ok("ab".into()));
    assert_eq!(call(&[dash, a, &unknown]).await, Ok(Value::Unknown));
    let table: [(&[&DynamicValue], &str, Option<i64>); 4] = [
        (&[&json(json!("/"))], "Not that one", Some(0)),
        (&[dash, a, &empty], "texts may not be null", Some(2)),
        (&[], "1 arguments are needed, and 0 are given", None),
        (
            &[dash, &json(json!(1))],
            "The argument texts from Terraform cannot be read: 1 was found where \"string\" is needed",
            Some(1),
        ),
    ];
    for (arguments, text, argument) in table {
        assert_eq!(call(arguments).await, Err((text.to_owned(), argument)));
    }
}

#[test]
fn schemas_of_the_tests_are_valid() {
    let schema = tf::Schema { version: 1, block: Thing::block() };
    assert_eq!(tf::schema_problems(&schema), [""; 0]);
    assert_eq!(tf::signature_problems("join", &Join.signature()), [""; 0]);
}
