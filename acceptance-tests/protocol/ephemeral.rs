//! Ephemeral resources, call by call, in several processes of the provider.

use std::path::Path;

use serde_json::{Value as Json, json};
use terraform_provider_ipam::tf::Value;

use crate::player::client::Plugin;
use crate::player::ephemeral::Opened;
use crate::player::{Messages, PlanOptions, Player};

const LEASE: &str = "ipam_lease";

/// A process of the provider on the store in this directory.
async fn begin(directory: &Path) -> (Plugin, Player) {
    let plugin = Plugin::start().await;
    let mut player = Player::new(&plugin).await;
    let store = format!("sqlite://{}/ipam.db", directory.display());
    assert_eq!(player.configure(&json!({"store": store, "owner": "test"})).await, Messages::new());
    (plugin, player)
}

/// Makes a pool of 256 addresses, and returns the arguments of a lease in it.
async fn leased(directory: &Path) -> Json {
    let (_plugin, mut player) = begin(directory).await;
    let config = player.config("ipam_pool", &json!({"name": "top", "cidrs": ["10.0.0.0/24"]}));
    let (planned, _) = player.plan("ipam_pool", None, &config, PlanOptions::default()).await.unwrap();
    let pool = player.apply("ipam_pool", None, &planned, &config).await.unwrap();
    json!({"ipam_pool_id": text(&pool.value, "id"), "name": "a", "netmask_length": 26})
}

fn text(value: &Value, name: &str) -> String {
    match value.entry(name) {
        Value::String(text) => text.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

fn cidr(opened: &Opened) -> String {
    text(&opened.value, "cidr")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_opened_renewed_closed_and_opened_again_with_the_same_block() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = leased(directory.path()).await;
    let (plan, mut player) = begin(directory.path()).await;
    let opened = player.open(LEASE, &arguments).await.unwrap();
    assert!(opened.value.is_wholly_known() && opened.renew_at.is_some() && opened.warnings.is_empty());
    let (private, renew_at) = player.renew(LEASE, opened.private.clone()).await.unwrap();
    assert!(renew_at >= opened.renew_at);
    player.renew(LEASE, private).await.unwrap();
    assert_eq!(player.close(LEASE, &opened).await, Messages::new());
    assert_eq!(player.close(LEASE, &opened).await, Messages::new(), "it is closed already");
    assert!(plan.shut_down().await.0.success());
    let (_apply, mut player) = begin(directory.path()).await;
    let again = player.open(LEASE, &arguments).await.unwrap();
    assert_eq!(cidr(&again), cidr(&opened));
    assert_ne!(text(&again.value, "id"), text(&opened.value, "id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_the_same_time_never_have_the_same_lease() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = leased(directory.path()).await;
    let (_first, mut first) = begin(directory.path()).await;
    let (_second, mut second) = begin(directory.path()).await;
    let opened = first.open(LEASE, &arguments).await.unwrap();
    let refused = second.open(LEASE, &arguments).await.unwrap_err();
    assert!(
        refused[0].contains("The name \"a\" is taken (name)") && refused[0].contains("is a lease of"),
        "{refused:?}"
    );
    let mut other = arguments.clone();
    other["name"] = "b".into();
    assert_ne!(cidr(&second.open(LEASE, &other).await.unwrap()), cidr(&opened));
    assert_eq!(first.close(LEASE, &opened).await, Messages::new());
    // The same walk does not ask twice; the next one gets the block.
    let (_third, mut third) = begin(directory.path()).await;
    assert_eq!(cidr(&third.open(LEASE, &arguments).await.unwrap()), cidr(&opened));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_in_order_ends_the_leases_that_nobody_closed() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = leased(directory.path()).await;
    let (plugin, mut player) = begin(directory.path()).await;
    player.open(LEASE, &arguments).await.unwrap();
    assert!(plugin.shut_down().await.0.success());
    let (_next, mut player) = begin(directory.path()).await;
    player.open(LEASE, &arguments).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_are_told_on_the_argument() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = leased(directory.path()).await;
    let (_plugin, mut player) = begin(directory.path()).await;
    for (name, wrong, told) in [
        ("duration", json!("5s"), "Invalid duration (duration)"),
        ("cidr", json!("10.0.0.0/25"), "Conflicting arguments (netmask_length)"),
        ("name", json!(null), "Missing required argument (name)"),
        ("ipam_pool_id", json!("ipam-pool-0"), "No such pool (ipam_pool_id)"),
    ] {
        let mut config = arguments.clone();
        config[name] = wrong;
        let refused = player.open(LEASE, &config).await.unwrap_err();
        assert!(refused[0].contains(told), "{refused:?}");
    }
}
