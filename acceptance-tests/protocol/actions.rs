//! Actions in the real program, message by message as Terraform 1.14 sends them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use terraform_provider_ipam::tf;

use crate::player::client::Plugin;
use crate::player::{Messages, PlanOptions, Player, State};

/// A process of the provider on the store in `directory`.
async fn begin(directory: &Path, owner: &str) -> (Plugin, Player) {
    let plugin = Plugin::start().await;
    let mut player = Player::new(&plugin).await;
    let store = format!("sqlite://{}/ipam.db", directory.display());
    let config = json!({"store": store, "owner": owner, "discovery_files_below": [directory]});
    assert_eq!(player.configure(&config).await, Messages::new());
    (plugin, player)
}

async fn create(player: &mut Player, type_name: &str, config: serde_json::Value) -> State {
    let config = player.config(type_name, &config);
    let (planned, _) = player.plan(type_name, None, &config, PlanOptions::default()).await.unwrap();
    player.apply(type_name, None, &planned, &config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_written_once_and_restores_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let (plugin, mut player) = begin(directory.path(), "net").await;
    create(&mut player, "ipam_pool", json!({"name": "top", "cidrs": ["10.0.0.0/8"]})).await;
    let file = directory.path().join("backup.json");
    let config = json!({"path": file});
    assert_eq!(player.plan_action("ipam_backup", &config).await, Messages::new());
    let (progress, diagnostics) = player.invoke("ipam_backup", &config).await;
    assert_eq!(diagnostics, Messages::new());
    assert!(progress.last().unwrap().contains("1 pool, 1 pool CIDR"), "{progress:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let first = fs::read(&file).unwrap();
    let again = player.plan_action("ipam_backup", &config).await;
    assert!(again[0].starts_with("error: The backup exists (path): "), "{again:?}");
    let (progress, diagnostics) = player.invoke("ipam_backup", &config).await;
    assert!(diagnostics[0].starts_with("error: The backup exists (path): "), "{progress:?} {diagnostics:?}");
    assert_eq!(fs::read(&file).unwrap(), first);
    assert!(plugin.shut_down().await.0.success());

    let copy = format!("sqlite:{}", directory.path().join("copy.db").display());
    let restored = crate::player::client::program(&[("IPAM_STORE", copy.as_str())])
        .args(["import", &file.display().to_string()])
        .output()
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_action_ends_soon_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (plugin, mut player) = begin(directory.path(), "net").await;
    player.stop().await;
    let file = directory.path().join("backup.json");
    let (_, diagnostics) = player.invoke("ipam_backup", &json!({"path": file})).await;
    // The backup may have been complete before the interrupt was seen.
    match diagnostics.as_slice() {
        [] => assert!(file.exists()),
        [only] => assert!(only.starts_with("error: The backup was interrupted (path): ") && !file.exists(), "{only}"),
        more => panic!("{more:?}"),
    }
    assert!(plugin.shut_down().await.0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holds_of_the_present_run_and_of_plans_made_here_stay() {
    let directory = tempfile::tempdir().unwrap();
    let (_plugin, mut theirs) = begin(directory.path(), "preview").await;
    create(&mut theirs, "ipam_scope", json!({"name": "lab"})).await;
    let config = theirs.config("ipam_pool", &json!({"name": "top", "cidrs": ["10.0.0.0/8"]}));
    theirs.plan("ipam_pool", None, &config, PlanOptions::default()).await.unwrap();

    // Both processes belong to one run: they have the same parent, and were started in the same directory.
    let (_plugin, mut ours) = begin(directory.path(), "net").await;
    let arguments = json!({"owner": "preview"});
    assert_eq!(ours.plan_action("ipam_release_holds", &arguments).await, Messages::new());
    let (progress, diagnostics) = ours.invoke("ipam_release_holds", &arguments).await;
    assert_eq!((progress.last().unwrap().as_str(), diagnostics.len()), ("0 holds of owner \"preview\" released.", 0));

    let own = ours.plan_action("ipam_release_holds", &json!({})).await;
    assert!(own[0].starts_with("error: These may be the holds of this plan (owner): "), "{own:?}");
    let unknown = json!({"owner": "<unknown>"});
    assert_eq!(ours.plan_action("ipam_release_holds", &unknown).await, Messages::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_a_new_discovery_is_planned_before_its_id_is_known() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("site.csv"), "cidr,resource_id\n10.1.0.0/16,vpc-1\n").unwrap();
    let (_plugin, mut player) = begin(directory.path(), "net").await;
    let later = json!({"ipam_resource_discovery_id": "<unknown>"});
    assert_eq!(player.plan_action("ipam_discover", &later).await, Messages::new());
    let none = player.plan_action("ipam_discover", &json!({"ipam_resource_discovery_id": "ipam-res-disco-0"})).await;
    assert!(none[0].contains("(ipam_resource_discovery_id)"), "{none:?}");
    let file = directory.path().join("site.csv");
    let site = create(&mut player, "ipam_resource_discovery", json!({"name": "site", "files": [file]})).await;
    let tf::Value::String(id) = site.value.entry("id") else { panic!("{site:?}") };
    let (progress, diagnostics) = player.invoke("ipam_discover", &json!({"ipam_resource_discovery_id": id})).await;
    assert_eq!(diagnostics, Messages::new());
    assert_eq!(progress[0], format!("Resource discovery {id}: 1 target scanned, with 1 resource and 0 addresses."));
}
