//! The identity of an object: its id, from the plan of its creation to its end.

use serde_json::{Value as Json, json};
use terraform_provider_ipam::protocol::wire::{self, RawState};
use terraform_provider_ipam::tf::Value;

use crate::player::client::Plugin;
use crate::player::{Messages, PlanOptions, Player, State, shown};

const POOL: &str = "ipam_pool";
const ALLOCATION: &str = "ipam_allocation";

async fn begin(directory: &tempfile::TempDir) -> (Plugin, Player) {
    let plugin = Plugin::start().await;
    let mut player = Player::new(&plugin).await;
    let store = format!("sqlite://{}/ipam.db", directory.path().display());
    assert_eq!(player.configure(&json!({"store": store, "owner": "test"})).await, Messages::new());
    (plugin, player)
}

/// Plans and applies, each in a new process. The player checks the identities on the way.
async fn change(directory: &tempfile::TempDir, type_name: &str, prior: Option<&State>, config: &Json) -> State {
    let (_plugin, mut player) = begin(directory).await;
    let config = player.config(type_name, config);
    let first = player.plan(type_name, prior, &config, PlanOptions::default()).await.unwrap().0;
    let (_plugin, mut player) = begin(directory).await;
    player.carry_out(type_name, prior, &first, &config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_has_an_identity() {
    let plugin = Plugin::start().await;
    let player = Player::new(&plugin).await;
    let mut with_identity: Vec<_> = player.identities().type_names().collect();
    let mut resources: Vec<_> = player.schemas().resource_schemas.keys().collect();
    with_identity.sort();
    resources.sort();
    assert_eq!(with_identity, resources);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_stays_through_rename_and_resize_and_imports_its_object() {
    let directory = tempfile::tempdir().unwrap();
    let pool = change(&directory, POOL, None, &json!({"name": "top", "cidrs": ["10.0.0.0/8"]})).await;
    let Value::String(pool_id) = pool.value.entry("id").clone() else { panic!("{pool:?}") };
    let config = |name: &str, length: u8| json!({"ipam_pool_id": pool_id, "name": name, "netmask_length": length});
    let made = change(&directory, ALLOCATION, None, &config("web", 24)).await;
    assert_eq!(made.identity.entry("id"), made.value.entry("id"));
    let changed = change(&directory, ALLOCATION, Some(&made), &config("www", 23)).await;
    assert_eq!(changed.identity, made.identity);

    let (_plugin, mut player) = begin(&directory).await;
    let imported = player.import_by_identity(ALLOCATION, &made.identity).await.unwrap().unwrap();
    assert_eq!((&imported.identity, imported.value.entry("name")), (&made.identity, &"www".into()));
    // A state from a client without identities gets one in the next refresh.
    let old = State { identity: Value::Null, ..changed.clone() };
    assert_eq!(player.refresh(ALLOCATION, &old).await.unwrap().unwrap().identity, made.identity);
    assert_eq!(player.delete(ALLOCATION, &changed).await, Messages::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_id_is_not_known_yet_has_no_identity() {
    let directory = tempfile::tempdir().unwrap();
    let (_plugin, mut player) = begin(&directory).await;
    let config = player.config(POOL, &json!({"name": "<unknown>", "cidrs": ["10.0.0.0/8"]}));
    let planned = player.plan(POOL, None, &config, PlanOptions::default()).await.unwrap().0;
    assert_eq!((planned.value.entry("id"), planned.identity), (&Value::Unknown, Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_is_no_id_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let pool = change(&directory, POOL, None, &json!({"name": "top", "cidrs": ["10.0.0.0/8"]})).await;
    let (_plugin, mut player) = begin(&directory).await;
    assert!(player.import(POOL, "top").await.unwrap().is_some(), "a name is an import id");
    for (id, expected) in [
        (Value::from("top"), "error: The identity is not an id"),
        (Value::from(""), "error: Import needs an id"),
        (Value::Null, "error: Import needs an id"),
        (Value::from("ipam-pool-00000000000000000"), "error: No such pool"),
    ] {
        let identity = Value::Map([("id".to_owned(), id.clone())].into());
        let errors = player.import_by_identity(POOL, &identity).await.unwrap_err();
        assert!(errors.len() == 1 && errors[0].starts_with(expected), "{id:?}: {errors:?}");
    }
    assert!(!pool.identity.is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_identity_that_cannot_be_read_is_an_error() {
    let mut plugin = Plugin::start().await;
    for (type_name, version, json, expected) in [
        (POOL, 1, r#"{"id":"a"}"#, "Identity of a newer provider"),
        (POOL, 0, r#"{"name":"a"}"#, "Damaged identity"),
        (POOL, 0, "{", "Damaged identity"),
        ("ipam_nothing", 0, r#"{"id":"a"}"#, "Unknown resource type"),
    ] {
        let request = wire::upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version,
            raw_identity: Some(RawState { json: json.as_bytes().to_vec(), ..Default::default() }),
        };
        let response = plugin.provider.upgrade_resource_identity(request).await.unwrap().into_inner();
        let found = shown(&response.diagnostics);
        assert!(found.len() == 1 && found[0].starts_with(&format!("error: {expected}")), "{json}: {found:?}");
    }
}
