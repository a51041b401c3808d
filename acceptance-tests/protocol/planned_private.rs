//! Planned private data (Terraform 1.16 and later): a plan that holds nothing shows blocks, and the apply takes exactly
//! these. Other clients see them after apply.

use std::path::Path;

use serde_json::{Value as Json, json};
use terraform_provider_ipam::protocol::wire::ClientCapabilities;
use terraform_provider_ipam::tf::Value;

use crate::player::client::Plugin;
use crate::player::{Messages, PlanOptions, Planned, Player, State};

const POOL: &str = "ipam_pool";
const POOL_CIDR: &str = "ipam_pool_cidr";
const ALLOCATION: &str = "ipam_allocation";
const SET: &str = "ipam_allocation_set";

/// A process of the provider during one walk.
struct Walk {
    _plugin: Plugin,
    player: Player,
    carries: bool,
}

impl Walk {
    async fn begin(store: &str, owner: &str, carries: bool) -> Self {
        let plugin = Plugin::start().await;
        let mut player = Player::new(&plugin).await.of_version(if carries { "1.16.0" } else { "1.15.9" });
        let config = json!({"store": store, "owner": owner, "plan_hold": "0s"});
        assert_eq!(player.configure(&config).await, Messages::new());
        Self { _plugin: plugin, player, carries }
    }

    /// Plans a new object; `first` is the result of the first plan, if this is the walk of the apply.
    async fn plan(&mut self, type_name: &str, config: &Json, first: Option<&Planned>) -> Result<Planned, Messages> {
        let capabilities = ClientCapabilities {
            store_planned_private: self.carries,
            deferral_allowed: first.is_some(),
            ..ClientCapabilities::default()
        };
        let first_plan = first.filter(|_| self.carries).map(|planned| planned.private.clone()).unwrap_or_default();
        let config = self.player.config(type_name, config);
        let options = PlanOptions { capabilities, first_plan };
        self.player.plan(type_name, None, &config, options).await.map(|(planned, _)| planned)
    }

    async fn apply(&mut self, type_name: &str, config: &Json, first: &Planned) -> Result<State, Messages> {
        let planned = self.plan(type_name, config, Some(first)).await?;
        let config = self.player.config(type_name, config);
        self.player.apply(type_name, None, &planned, &config).await.map_err(|(errors, _)| errors)
    }
}

/// The URLs of stores that need no server.
fn stores(directory: &Path) -> [String; 2] {
    [format!("sqlite://{}/ipam.db", directory.display()), format!("file://{}/plan", directory.display())]
}

fn text(value: &Value, attribute: &str) -> String {
    match value.entry(attribute) {
        Value::String(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

async fn make(store: &str, owner: &str, type_name: &str, config: &Json) -> State {
    let planned = Walk::begin(store, owner, false).await.plan(type_name, config, None).await.unwrap();
    Walk::begin(store, owner, false).await.apply(type_name, config, &planned).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_shows_a_tree_that_the_apply_takes_in_another_process() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let top_id = text(&make(&store, "a", POOL, &top).await.value, "id");
        let mut first = Walk::begin(&store, "a", true).await;
        let mut plans = Vec::new();
        let pool = json!({"name": "region", "source_ipam_pool_id": top_id, "netmask_length": 16});
        let region = first.plan(POOL, &pool, None).await.unwrap();
        let region_id = text(&region.value, "id");
        assert!(region_id.starts_with("ipam-pool-"), "{region_id}");
        plans.push((POOL, pool, region));
        for (type_name, config) in [
            (ALLOCATION, json!({"ipam_pool_id": region_id, "name": "web", "netmask_length": 24})),
            (ALLOCATION, json!({"ipam_pool_id": region_id, "name": "db", "netmask_length": 24})),
            (POOL_CIDR, json!({"ipam_pool_id": region_id, "name": "more", "netmask_length": 16})),
        ] {
            let planned = first.plan(type_name, &config, None).await.unwrap();
            plans.push((type_name, config, planned));
        }
        let blocks: Vec<String> = plans[1..].iter().map(|(_, _, planned)| text(&planned.value, "cidr")).collect();
        assert_eq!(blocks, ["10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16"]);
        let mut second = Walk::begin(&store, "a", true).await;
        for (type_name, config, planned) in &plans {
            let state = second.apply(type_name, config, planned).await.unwrap();
            assert_eq!(text(&state.value, "id"), text(&planned.value, "id"));
            assert_eq!(state.value.entry("cidr"), planned.value.entry("cidr"));
            assert!(state.private.is_empty() || state.private == b"{}", "{:?}", String::from_utf8(state.private));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_was_taken_since_the_plan_is_an_error_of_the_second_plan() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let top_id = text(&make(&store, "a", POOL, &top).await.value, "id");
        let web = json!({"ipam_pool_id": top_id, "name": "web", "netmask_length": 24});
        let planned = Walk::begin(&store, "a", true).await.plan(ALLOCATION, &web, None).await.unwrap();
        let other = json!({"ipam_pool_id": top_id, "name": "x", "cidr": text(&planned.value, "cidr")});
        make(&store, "b", ALLOCATION, &other).await;
        let errors = Walk::begin(&store, "a", true).await.plan(ALLOCATION, &web, Some(&planned)).await.unwrap_err();
        let words = "The plan showed 10.0.0.0/24, which was free then but is not held for this plan. Nothing was changed: \
                     plan again.";
        assert!(
            errors.len() == 1 && errors[0].contains("(netmask_length)") && errors[0].contains(words),
            "{errors:#?}"
        );
        let again = Walk::begin(&store, "a", true).await.plan(ALLOCATION, &web, None).await.unwrap();
        assert_eq!(text(&again.value, "cidr"), "10.0.1.0/24");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_carry_private_data_sees_blocks_after_apply() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let top_id = text(&make(&store, "a", POOL, &top).await.value, "id");
        let web = json!({"ipam_pool_id": top_id, "name": "web", "netmask_length": 24});
        let planned = Walk::begin(&store, "a", false).await.plan(ALLOCATION, &web, None).await.unwrap();
        assert_eq!((text(&planned.value, "cidr"), text(&planned.value, "id")), ("Unknown".into(), "Unknown".into()));
        let state = Walk::begin(&store, "a", false).await.apply(ALLOCATION, &web, &planned).await.unwrap();
        assert_eq!(text(&state.value, "cidr"), "10.0.0.0/24");
    }
}

/// Only the first write gives the default scopes their IDs. The plan leaves no private data then, and the client sends none.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_plan_on_a_new_store_shows_a_pool_after_apply() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let planned = Walk::begin(&store, "a", true).await.plan(POOL, &top, None).await.unwrap();
        assert_eq!((text(&planned.value, "id"), planned.private.as_slice()), ("Unknown".into(), &[][..]));
        let state = Walk::begin(&store, "a", true).await.apply(POOL, &top, &planned).await.unwrap();
        assert_eq!(text(&state.value, "cidr"), "10.0.0.0/8");
    }
}

fn map(value: &Value, attribute: &str) -> Vec<(String, String)> {
    let Value::Map(map) = value.entry(attribute) else { panic!("{:?}", value.entry(attribute)) };
    map.iter()
        .map(|(key, value)| (key.clone(), if let Value::String(text) = value { text.clone() } else { panic!() }))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_shows_the_members_of_a_set_that_the_apply_takes_in_another_process() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let top_id = text(&make(&store, "a", POOL, &top).await.value, "id");
        let members = json!({"web": {"netmask_length": 24}, "db": {"netmask_length": 26}});
        for (name, contiguous, cidr) in [("one", false, "Null"), ("two", true, "10.0.2.0/23")] {
            let set = json!({"ipam_pool_id": top_id, "name": name, "members": members, "contiguous": contiguous});
            let mut first = Walk::begin(&store, "a", true).await;
            let planned = first.plan(SET, &set, None).await.unwrap();
            assert_eq!(text(&planned.value, "cidr"), cidr);
            let web = json!({"ipam_pool_id": top_id, "name": format!("{name}-web"), "netmask_length": 24});
            let beside = first.plan(ALLOCATION, &web, None).await.unwrap();
            let blocks: Vec<String> = map(&planned.value, "cidrs").into_iter().map(|(_, cidr)| cidr).collect();
            assert!(!blocks.contains(&text(&beside.value, "cidr")), "{blocks:?}");
            let state = Walk::begin(&store, "a", true).await.apply(SET, &set, &planned).await.unwrap();
            assert_eq!(map(&state.value, "ids"), map(&planned.value, "ids"));
            assert_eq!(map(&state.value, "cidrs"), map(&planned.value, "cidrs"));
            assert!(state.private.is_empty() || state.private == b"{}", "{:?}", String::from_utf8(state.private));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_a_member_that_was_taken_since_the_plan_is_an_error_of_the_second_plan() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(directory.path()) {
        let top = json!({"name": "top", "cidrs": ["10.0.0.0/8"]});
        let top_id = text(&make(&store, "a", POOL, &top).await.value, "id");
        let members = json!({"web": {"netmask_length": 24}, "db": {"netmask_length": 26}});
        let set = json!({"ipam_pool_id": top_id, "name": "vpc", "members": members});
        let planned = Walk::begin(&store, "a", true).await.plan(SET, &set, None).await.unwrap();
        make(&store, "b", ALLOCATION, &json!({"ipam_pool_id": top_id, "name": "x", "cidr": "10.0.1.0/28"})).await;
        let errors = Walk::begin(&store, "a", true).await.plan(SET, &set, Some(&planned)).await.unwrap_err();
        let words = "The plan showed 10.0.1.0/26, which was free then but is not held for this plan. Nothing was changed: \
                     plan again.";
        assert!(errors.len() == 1 && errors[0].contains("(members") && errors[0].contains(words), "{errors:#?}");
    }
}
