//! Numbers of 2^63 and more with clients that lose their digits in a plan, and with clients that keep them.

use serde_json::{Value as Json, json};
use terraform_provider_ipam::tf::{Number, Value};

use crate::player::client::Plugin;
use crate::player::old_numbers::{VERSIONS, encode, through_a_plan};
use crate::player::{Messages, PlanOptions, Planned, Player, State};

const POOL: &str = "ipam_pool";
const ALLOCATION: &str = "ipam_allocation";

/// 2 to this power.
fn power(exponent: u32) -> Value {
    let count = (0..exponent).fold("1".parse::<Number>().unwrap(), |number, _| {
        let double = number.to_integer().unwrap() * 2;
        Number::from(double)
    });
    Value::Number(count)
}

/// A client with a new store. Each plan and each apply runs in a new process of the provider.
struct Client {
    directory: tempfile::TempDir,
    version: &'static str,
}

impl Client {
    fn of_version(version: &'static str) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), version }
    }

    async fn begin(&self) -> (Plugin, Player) {
        let plugin = Plugin::start().await;
        let mut player = Player::new(&plugin).await.of_version(self.version);
        let store = format!("sqlite://{}/ipam.db", self.directory.path().display());
        assert_eq!(player.configure(&json!({"store": store, "owner": "test"})).await, Messages::new());
        (plugin, player)
    }

    async fn plan(&self, type_name: &str, prior: Option<&State>, config: &Json) -> Planned {
        let (_plugin, mut player) = self.begin().await;
        let config = player.config(type_name, config);
        let planned = player.plan(type_name, prior, &config, PlanOptions::default()).await;
        planned.unwrap_or_else(|messages| panic!("{messages:?}")).0
    }

    async fn refresh(&self, type_name: &str, state: &State) -> Option<State> {
        let (_plugin, mut player) = self.begin().await;
        player.refresh(type_name, state).await.unwrap()
    }

    /// Plans a change, and applies the plan.
    async fn change(&self, type_name: &str, prior: Option<&State>, config: &Json) -> State {
        let first = self.plan(type_name, prior, config).await;
        let (_plugin, mut player) = self.begin().await;
        let config = player.config(type_name, config);
        let applied = player.carry_out(type_name, prior, &first, &config).await;
        applied.unwrap_or_else(|messages| panic!("{messages:?}"))
    }

    /// Makes a pool of all addresses, and returns its id.
    async fn pool(&self) -> String {
        let pool = json!({"name": "all", "cidrs": ["::/0"], "locale": "us-east-1"});
        match self.change(POOL, None, &pool).await.value.entry("id") {
            Value::String(id) => id.clone(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_client_before_1_9_loses_the_digits_of_2_to_the_64() {
    let count = power(64);
    assert_ne!(through_a_plan(&count), count);
    for kept in [power(62), Value::Number("18446744073709551617".parse().unwrap()), 12.into()] {
        assert_eq!(through_a_plan(&kept), kept);
    }
    assert_eq!(encode(&count, &terraform_provider_ipam::tf::Type::Number)[0], 0xcb, "a float on the wire");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_every_size_are_made_changed_and_kept_on_every_client() {
    for version in VERSIONS.into_iter().chain(["1.9.0"]) {
        let client = Client::of_version(version);
        let pool = client.pool().await;
        for length in [1, 64, 65, 66] {
            let count = power(128 - length);
            let name = format!("of {length}");
            let config = json!({"ipam_pool_id": pool, "name": name, "netmask_length": length});
            let made = client.change(ALLOCATION, None, &config).await;
            assert_eq!(made.value.entry("address_count"), &count, "{version}, {length}");
            assert_eq!(client.refresh(ALLOCATION, &made).await.as_ref(), Some(&made));
            let planned = client.plan(ALLOCATION, Some(&made), &config).await;
            assert_eq!(planned.value, made.value, "a plan without a change, {version}, {length}");
            let described = json!({"ipam_pool_id": pool, "name": name, "netmask_length": length, "description": "new"});
            let changed = client.change(ALLOCATION, Some(&made), &described).await;
            assert_eq!(changed.value.entry("address_count"), &count, "{version}, {length}");
            let kept = String::from_utf8_lossy(&changed.private).into_owned();
            assert!(!kept.contains("withheld"), "the private data of a plan must not be in a state: {kept}");
            let mut only_timeouts = described.clone();
            only_timeouts["timeouts"] = json!({"create": "5m"});
            let waiting = client.change(ALLOCATION, Some(&changed), &only_timeouts).await;
            assert_eq!(waiting.value.entry("address_count"), &count, "{version}, {length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_grows_and_shrinks_across_the_limit_on_every_client() {
    for version in VERSIONS.into_iter().chain(["1.9.0"]) {
        let client = Client::of_version(version);
        let pool = client.pool().await;
        let config = |length: u32| json!({"ipam_pool_id": pool, "name": "a", "netmask_length": length});
        let mut state = client.change(ALLOCATION, None, &config(70)).await;
        for length in [64, 56, 48, 64, 66] {
            state = client.change(ALLOCATION, Some(&state), &config(length)).await;
            assert_eq!(state.value.entry("address_count"), &power(128 - length), "{version}, {length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_cidr_is_made_and_its_timeouts_change_on_every_client() {
    for version in VERSIONS.into_iter().chain(["1.9.0"]) {
        let client = Client::of_version(version);
        let pool = json!({"name": "top", "address_family": "ipv6", "locale": "us-east-1"});
        let pool = client.change(POOL, None, &pool).await;
        let Value::String(pool) = pool.value.entry("id").clone() else { panic!("{pool:?}") };
        let config = json!({"ipam_pool_id": pool, "cidr": "2001:db8::/32"});
        let made = client.change("ipam_pool_cidr", None, &config).await;
        assert_eq!(made.value.entry("address_count"), &power(96), "{version}");
        // This change writes nothing to the store, so no record fills in the values that the plan left open.
        let config = json!({"ipam_pool_id": pool, "cidr": "2001:db8::/32", "timeouts": {"create": "5m"}});
        let changed = client.change("ipam_pool_cidr", Some(&made), &config).await;
        assert_eq!(changed.value.entry("address_count"), &power(96), "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_that_would_lose_digits_see_an_unknown_number_in_a_plan() {
    for (version, length, is_unknown) in
        [("1.5.7", 64, true), ("1.8.5", 48, true), ("1.5.7", 66, false), ("1.9.0", 64, false), ("1.11.4", 48, false)]
    {
        let client = Client::of_version(version);
        let pool = client.pool().await;
        let config = json!({"ipam_pool_id": pool, "name": "a", "netmask_length": length});
        let Planned { value: planned, private, .. } = client.plan(ALLOCATION, None, &config).await;
        assert_eq!(planned.entry("address_count").is_unknown(), is_unknown, "{version}, {length}");
        assert!(!planned.entry("cidr").is_unknown(), "{version}, {length}: no other attribute may be unknown");
        assert_eq!(String::from_utf8_lossy(&private).contains("withheld"), is_unknown, "{version}, {length}");
    }
}
