//! `terraform query`: lists, generated configurations, and the imports that follow.

use std::fs;

use serde_json::{Value as Json, json};
use terraform_provider_ipam::tf::Value;

use crate::player::client::Plugin;
use crate::player::{Messages, PlanOptions, Player, State};

const POOL: &str = "ipam_pool";
const ALLOCATION: &str = "ipam_allocation";
/// The default limit of a list block.
const LIMIT: i64 = 100;

async fn begin(directory: &tempfile::TempDir) -> (Plugin, Player) {
    let plugin = Plugin::start().await;
    let mut player = Player::new(&plugin).await;
    let path = directory.path().display().to_string();
    let config = json!({"store": format!("file://{path}/store"), "owner": "test", "discovery_files_below": [path]});
    assert_eq!(player.configure(&config).await, Messages::new());
    (plugin, player)
}

async fn apply(directory: &tempfile::TempDir, type_name: &str, prior: Option<&State>, config: &Value) -> State {
    let (_plugin, mut player) = begin(directory).await;
    let first = player.plan(type_name, prior, config, PlanOptions::default()).await.unwrap().0;
    let (_plugin, mut player) = begin(directory).await;
    player.carry_out(type_name, prior, &first, config).await.unwrap()
}

async fn create(directory: &tempfile::TempDir, type_name: &str, config: &Json) -> State {
    let (_plugin, player) = begin(directory).await;
    let config = player.config(type_name, config);
    apply(directory, type_name, None, &config).await
}

fn text(value: &Value) -> String {
    let Value::String(text) = value else { panic!("{value:?}") };
    text.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_resource_has_a_resource_with_an_identity() {
    let plugin = Plugin::start().await;
    let player = Player::new(&plugin).await;
    let with_identity: Vec<_> = player.identities().type_names().collect();
    let lists: Vec<_> = player.schemas().list_resource_schemas.keys().collect();
    assert_eq!(lists.len(), 4);
    assert!(lists.iter().all(|list| with_identity.contains(list)), "{lists:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_shows_is_imported_by_its_identity_and_generated_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let pool = create(&directory, POOL, &json!({"name": "top", "cidrs": ["10.0.0.0/8"], "tags": {"a": "b"}})).await;
    let pool_id = text(pool.value.entry("id"));
    for name in ["web", "api"] {
        create(&directory, ALLOCATION, &json!({"ipam_pool_id": pool_id, "name": name, "netmask_length": 24})).await;
    }
    let (_plugin, mut player) = begin(&directory).await;
    let short = player.list(ALLOCATION, &json!({}), (1, false)).await.unwrap().0;
    assert_eq!(short.iter().map(|one| one.display_name.as_str()).collect::<Vec<_>>(), ["web (10.0.0.0/24)"]);
    for (type_name, count) in [(POOL, 1), (ALLOCATION, 2)] {
        let (listed, warnings) = player.list(type_name, &json!({}), (LIMIT, true)).await.unwrap();
        assert_eq!((listed.len(), warnings), (count, Messages::new()));
        for one in listed {
            let (config, messages) = player.generate(type_name, &one.object).await;
            assert_eq!(messages, Messages::new());
            assert_eq!(player.validate(type_name, &config).await, Messages::new());
            let imported = player.import_by_identity(type_name, &one.identity).await.unwrap().unwrap();
            assert_eq!((&imported.value, &imported.identity), (&one.object, &one.identity));
            let planned = player.plan(type_name, Some(&imported), &config, PlanOptions::default()).await.unwrap().0;
            assert_eq!(planned.value, imported.value, "the plan is not empty");
        }
    }
    let refused = player.list(ALLOCATION, &json!({"ipam_pool_id": "top"}), (LIMIT, false)).await.unwrap_err();
    assert!(refused[0].starts_with("error: No such pool (ipam_pool_id)"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovered_block_becomes_an_allocation_by_import() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("net.csv"), "cidr,resource_id,resource_type\n10.7.0.0/16,office,other\n").unwrap();
    let file = directory.path().join("net.csv").display().to_string();
    create(&directory, "ipam_resource_discovery", &json!({"name": "all", "files": [file], "role": []})).await;
    let pool = create(&directory, POOL, &json!({"name": "top", "cidrs": ["10.0.0.0/8"]})).await;
    let (_plugin, mut player) = begin(&directory).await;
    let config = json!({"discovered": {"max_age": "1h"}});
    let (listed, warnings) = player.list(ALLOCATION, &config, (LIMIT, true)).await.unwrap();
    assert_eq!((listed.len(), warnings), (1, Messages::new()));
    let (config, _) = player.generate(ALLOCATION, &listed[0].object).await;
    let imported = player.import_by_identity(ALLOCATION, &listed[0].identity).await.unwrap().unwrap();
    assert_eq!((&imported.value, &imported.identity), (&listed[0].object, &listed[0].identity));
    let made = apply(&directory, ALLOCATION, Some(&imported), &config).await;
    assert_eq!(made.identity.entry("id"), made.value.entry("id"));
    assert_eq!(
        (made.value.entry("ipam_pool_id"), made.value.entry("cidr")),
        (pool.value.entry("id"), &"10.7.0.0/16".into())
    );
    let (_plugin, mut player) = begin(&directory).await;
    let refreshed = player.refresh(ALLOCATION, &made).await.unwrap().unwrap();
    assert_eq!(refreshed, made);
    let planned = player.plan(ALLOCATION, Some(&made), &config, PlanOptions::default()).await.unwrap().0;
    assert_eq!(planned.value, made.value, "the plan after the import is not empty");
    assert_eq!(player.list(ALLOCATION, &json!({"discovered": {}}), (LIMIT, true)).await.unwrap().0.len(), 0);
}
