//! Clients that keep private data of plans (Terraform 1.16 and later): the plan shows the block that AWS would
//! allocate.
//!
//! AWS holds nothing, so the block stays free until an allocation takes it.

use serde_json::{Value as Json, json};
use terraform_provider_ipam::protocol::wire::ClientCapabilities;
use terraform_provider_ipam::tf::Value;

use super::scene::{ACCOUNT, HOME, Scene, text};
use crate::player::client::Plugin;
use crate::player::{Messages, PlanOptions, Planned, Player, State, entries};

/// A process of the provider, configured for AWS, with the capabilities of Terraform 1.16.
struct Walk {
    _plugin: Plugin,
    player: Player,
    /// The type of the resources.
    type_name: &'static str,
}

impl Walk {
    async fn begin(scene: &Scene) -> Self {
        Self::of("ipam_allocation", scene).await
    }

    async fn of(type_name: &'static str, scene: &Scene) -> Self {
        let credentials = scene.endpoint.credentials(ACCOUNT);
        let environment = [
            ("AWS_REGION", HOME),
            ("AWS_ACCESS_KEY_ID", credentials.access_key.as_str()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_key.as_str()),
            ("AWS_ENDPOINT_URL_EC2", &scene.endpoint.url()),
        ];
        let plugin = Plugin::start_with(&environment).await;
        let mut player = Player::new(&plugin).await;
        assert_eq!(player.configure(&json!({"store": "aws-ipam"})).await, Messages::new());
        Self { _plugin: plugin, player, type_name }
    }

    /// Plans a new resource; `first` is the result of the first plan.
    async fn plan(&mut self, config: &Json, first: Option<&Planned>) -> Result<Planned, Messages> {
        let capabilities = ClientCapabilities {
            store_planned_private: true,
            deferral_allowed: first.is_some(),
            ..ClientCapabilities::default()
        };
        let first_plan = first.map(|planned| planned.private.clone()).unwrap_or_default();
        let config = self.player.config(self.type_name, config);
        let options = PlanOptions { capabilities, first_plan };
        self.player.plan(self.type_name, None, &config, options).await.map(|(planned, _)| planned)
    }

    async fn apply(&mut self, config: &Json, planned: &Planned) -> Result<State, (Messages, State)> {
        let config = self.player.config(self.type_name, config);
        self.player.apply(self.type_name, None, planned, &config).await
    }
}

fn shown(planned: &Value) -> String {
    match &entries(planned)["cidr"] {
        Value::String(cidr) => cidr.clone(),
        other => format!("{other:?}"),
    }
}

fn config(pool: &str, name: &str, more: Json) -> Json {
    let mut config = json!({"ipam_pool_id": pool, "name": name});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_shows_blocks_that_the_apply_takes_each_another_one() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let configs = [
        config(&leaf, "web", json!({"netmask_length": 24})),
        config(&leaf, "db", json!({"netmask_length": 24})),
        config(&leaf, "away", json!({"netmask_length": 24, "disallowed_cidrs": ["10.0.0.0/20"]})),
        config(&leaf, "exact", json!({"cidr": "10.0.9.0/24"})),
        config(&leaf, "last", json!({"netmask_length": 24})),
    ];
    let mut first = Walk::begin(&scene).await;
    let mut plans = Vec::new();
    for config in &configs {
        plans.push(first.plan(config, None).await.unwrap());
    }
    let blocks: Vec<String> = plans.iter().map(|planned| shown(&planned.value)).collect();
    assert_eq!(blocks, ["10.0.0.0/24", "10.0.1.0/24", "10.0.16.0/24", "10.0.9.0/24", "10.0.2.0/24"]);
    assert_eq!(entries(&plans[0].value)["id"], Value::Unknown, "AWS gives ids when it allocates");
    assert!(scene.allocated(&leaf).is_empty(), "a plan allocates nothing");
    // The user reads the plan; the apply is another process, and plans once more, in another order.
    let mut second = Walk::begin(&scene).await;
    for (config, planned) in configs.iter().zip(&plans).rev() {
        let again = second.plan(config, Some(planned)).await.unwrap();
        assert_eq!(shown(&again.value), shown(&planned.value));
        let state = second.apply(config, &again).await.unwrap();
        assert_eq!(shown(&state.value), shown(&planned.value));
    }
    let mut allocated = scene.allocated(&leaf);
    allocated.sort();
    assert_eq!(allocated, ["10.0.0.0/24", "10.0.1.0/24", "10.0.16.0/24", "10.0.2.0/24", "10.0.9.0/24"]);
    scene.is_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_was_taken_since_the_plan_is_an_error_that_asks_to_plan_again() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let web = config(&leaf, "web", json!({"netmask_length": 24}));
    let mut walk = Walk::begin(&scene).await;
    let planned = walk.plan(&web, None).await.unwrap();
    // The block is taken between the second plan and the apply.
    let mut second = Walk::begin(&scene).await;
    let again = second.plan(&web, Some(&planned)).await.unwrap();
    let taken = scene.allocate(&leaf, 24);
    assert_eq!(text(&taken["Cidr"]), shown(&planned.value));
    let (errors, state) = second.apply(&web, &again).await.unwrap_err();
    let words = "The plan showed 10.0.0.0/24, which was free then but is not held for this plan. Nothing was changed: \
                 plan again.";
    assert!(errors.len() == 1 && errors[0].contains("(netmask_length)") && errors[0].contains(words), "{errors:#?}");
    assert_eq!(state.value, Value::Null);
    // The block is taken between the two plans.
    let mut third = Walk::begin(&scene).await;
    let errors = third.plan(&web, Some(&planned)).await.unwrap_err();
    assert!(errors.len() == 1 && errors[0].contains("(netmask_length)") && errors[0].contains(words), "{errors:#?}");
    // A new plan shows another block.
    assert_eq!(shown(&third.plan(&web, None).await.unwrap().value), "10.0.1.0/24");
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    scene.is_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_of_a_replacement_is_known_after_apply() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let whole = config(&leaf, "all", json!({"cidr": "10.0.0.0/16"}));
    let mut walk = Walk::begin(&scene).await;
    let planned = walk.plan(&whole, None).await.unwrap();
    walk.apply(&whole, &planned).await.unwrap();
    // The allocation is tainted: the old one has the space and the name until it is destroyed.
    let sized = config(&leaf, "all", json!({"netmask_length": 16}));
    let mut next = Walk::begin(&scene).await;
    assert_eq!(shown(&next.plan(&sized, None).await.unwrap().value), "Unknown");
    // An allocation with another name finds no room, and the plan reports that.
    let errors = next.plan(&config(&leaf, "more", json!({"netmask_length": 24})), None).await.unwrap_err();
    assert!(errors[0].contains("(netmask_length)") && !errors[0].contains("plan again"), "{errors:#?}");
    scene.is_sound();
}

fn pool_below(source: &str, name: &str, more: Json) -> Json {
    let mut config = json!({"source_ipam_pool_id": source, "name": name, "locale": HOME});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_shows_the_blocks_of_new_pools_and_pool_cidrs_by_size() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    let taken: Vec<String> = scene.pool_cidrs(&leaf).iter().map(|one| text(&one["Cidr"])).collect();
    assert_eq!(taken, ["10.0.0.0/16"]);
    let pools = ["a", "b"].map(|name| pool_below(&top, name, json!({"netmask_length": 18})));
    let more = json!({"ipam_pool_id": leaf, "name": "more", "netmask_length": 17});
    let mut first = Walk::of("ipam_pool", &scene).await;
    let mut plans = Vec::new();
    for pool in &pools {
        plans.push(first.plan(pool, None).await.unwrap());
    }
    let blocks: Vec<String> = plans.iter().map(|planned| shown(&planned.value)).collect();
    assert_eq!(blocks, ["10.1.0.0/18", "10.1.64.0/18"]);
    assert_eq!(entries(&plans[0].value)["id"], Value::Unknown, "AWS gives ids when it creates pools");
    first.type_name = "ipam_pool_cidr";
    let planned_more = first.plan(&more, None).await.unwrap();
    assert_eq!(shown(&planned_more.value), "10.1.128.0/17");

    // The apply is another process, and plans once more, in another order.
    let mut second = Walk::of("ipam_pool_cidr", &scene).await;
    let again = second.plan(&more, Some(&planned_more)).await.unwrap();
    assert_eq!(shown(&again.value), "10.1.128.0/17");
    assert_eq!(shown(&second.apply(&more, &again).await.unwrap().value), "10.1.128.0/17");
    second.type_name = "ipam_pool";
    for (pool, planned) in pools.iter().zip(&plans).rev() {
        let again = second.plan(pool, Some(planned)).await.unwrap();
        assert_eq!(shown(&again.value), shown(&planned.value));
        let state = second.apply(pool, &again).await.unwrap();
        assert_eq!(shown(&state.value), shown(&planned.value));
        assert_eq!(entries(&state.value)["netmask_length"], entries(&planned.value)["netmask_length"]);
    }
    scene.is_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_of_a_pool_that_was_taken_since_the_plan_is_an_error_that_asks_to_plan_again() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    let pool = pool_below(&top, "a", json!({"netmask_length": 18}));
    let mut walk = Walk::of("ipam_pool", &scene).await;
    let planned = walk.plan(&pool, None).await.unwrap();
    let mut second = Walk::of("ipam_pool", &scene).await;
    let again = second.plan(&pool, Some(&planned)).await.unwrap();
    scene.provision(&leaf, "10.1.0.0/18");
    let (errors, state) = second.apply(&pool, &again).await.unwrap_err();
    let words = "The plan showed 10.1.0.0/18, which was free then but is not held for this plan. Nothing was changed: \
                 plan again.";
    assert!(errors.len() == 1 && errors[0].contains("(netmask_length)") && errors[0].contains(words), "{errors:#?}");
    assert_eq!(state.value, Value::Null);
    let errors = second.plan(&pool, Some(&planned)).await.unwrap_err();
    assert!(errors.len() == 1 && errors[0].contains("(netmask_length)") && errors[0].contains(words), "{errors:#?}");
    assert_eq!(shown(&second.plan(&pool, None).await.unwrap().value), "10.1.64.0/18");
    scene.is_sound();
}
