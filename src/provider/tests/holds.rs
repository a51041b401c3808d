//! Plans that may not write: `plan_hold = "0s"`, read-only stores, and a provider block with unknown values.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};
use crate::store::memory::Memory;
use crate::store::{Error, ReadBody, Store, WriteBody};
use crate::tf::Private;

const WEB: &str = "ipam_allocation.web";
const DB: &str = "ipam_allocation.db";

/// A store that is opened with credentials that may only read.
pub(in crate::provider) struct ReadOnly(pub(super) Arc<Memory>);

impl Store for ReadOnly {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.0.read(body)
    }

    fn write(&self, _: &mut WriteBody<'_>) -> Result<(), Error> {
        Err(Error::ReadOnly("no right to write".to_owned()))
    }

    fn describe(&self) -> String {
        "read-only".to_owned()
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}

pub(in crate::provider) fn read_only(world: &World) -> Arc<dyn Store> {
    Arc::new(ReadOnly(Arc::clone(&world.memory)))
}

pub(super) fn block(address: &'static str, name: &str, size: Json) -> (&'static str, Json) {
    (address, with(&json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name}), &size))
}

#[test]
fn plans_without_holds_write_nothing_and_show_no_new_values() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.plan_hold = Duration::ZERO;
    let planned = workspace.plan(&[top(), web(&json!({"netmask_length": 24}))]).unwrap();
    assert_eq!(world.memory.commits(), 0);
    assert_eq!((planned.get("ipam_pool.top", "id").as_str(), planned.get(WEB, "cidr").as_str()), (UNKNOWN, UNKNOWN));
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "cidr"), "10.0.0.0/24");

    let commits = world.memory.commits();
    let grown = [
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8", "172.16.0.0/12"]})),
        web(&json!({"netmask_length": 23})),
    ];
    workspace.assert_settled(&[top(), web(&json!({"netmask_length": 24}))]);
    assert_eq!(world.memory.commits(), commits, "the end of the apply has confirmed everything");
    let planned = workspace.plan(&grown).unwrap();
    assert_eq!(world.memory.commits(), commits);
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/23"));
    assert_eq!(planned.get("ipam_pool.top", "cidrs"), "10.0.0.0/8 172.16.0.0/12");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&grown);
}

#[test]
fn a_client_that_carries_private_data_shows_previews_that_apply_keeps() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.plan_hold = Duration::ZERO;
    workspace.carries_private = true;
    workspace.apply(&[top()]);
    let commits = world.memory.commits();
    let config = [
        top(),
        block(WEB, "web", json!({"netmask_length": 24})),
        block(DB, "db", json!({"netmask_length": 24})),
        block("ipam_allocation.exact", "exact", json!({"cidr": "10.0.2.0/24"})),
        block("ipam_allocation.last", "last", json!({"netmask_length": 24})),
    ];
    let planned = workspace.plan(&config).unwrap();
    assert_eq!(world.memory.commits(), commits);
    let shown: Vec<_> = config[1..].iter().map(|(address, _)| planned.get(address, "cidr")).collect();
    assert_eq!(shown, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"], "all different");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
    for (address, expected) in config[1..].iter().map(|(address, _)| *address).zip(shown) {
        assert_eq!(workspace.get(address, "cidr"), expected);
        assert_eq!(workspace.get(address, "id"), planned.get(address, "id"));
    }
    // Replaced resources, tainted resources, and one name used twice.
    workspace.tainted.insert(WEB.to_owned());
    let planned = workspace.plan(&config).unwrap();
    assert_ne!(planned.get(WEB, "id"), workspace.get(WEB, "id"));
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
    let twice = [
        top(),
        block("ipam_allocation.a", "same", json!({"netmask_length": 24})),
        block("ipam_allocation.b", "same", json!({"netmask_length": 24})),
    ];
    assert_only_error(&workspace.plan(&twice).unwrap_err(), "name", &["Two resources"]);
}

#[test]
fn a_preview_that_another_owner_got_first_is_refused() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.plan_hold = Duration::ZERO;
    workspace.carries_private = true;
    workspace.apply(&[top()]);
    let planned = workspace.plan(&[top(), web(&json!({"netmask_length": 24}))]).unwrap();
    let pool = workspace.get("ipam_pool.top", "id");
    world
        .workspace("team/b")
        .apply(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24}))]);
    let errors = workspace.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["10.0.0.0/24", "team/b"]);
}

#[test]
fn a_pool_that_is_too_full_for_previews_is_an_error() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.plan_hold = Duration::ZERO;
    workspace.carries_private = true;
    let small = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/24"]}));
    workspace.apply(std::slice::from_ref(&small));
    let config =
        [small, block(WEB, "web", json!({"netmask_length": 24})), block(DB, "db", json!({"netmask_length": 24}))];
    let errors = workspace.plan(&config).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["no free /24"]);
    assert!(!errors[0].contains("disallowed_cidrs"), "{errors:#?}");
}

#[test]
fn a_read_only_store_shows_its_values_and_warns_once() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), web(&json!({"netmask_length": 24}))]);
    let mut looker = workspace.clone();
    looker.store = Some(Arc::new(ReadOnly(Arc::clone(&world.memory))));
    let config = [
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8", "172.16.0.0/12"]})),
        web(&json!({"netmask_length": 22})),
        block(DB, "db", json!({"netmask_length": 24})),
        block("ipam_allocation.more", "more", json!({"netmask_length": 24})),
        ("ipam_scope.lab", json!({"name": "lab"})),
    ];
    let planned = looker.plan(&config).unwrap();
    assert_eq!(planned.warnings.len(), 1, "{:#?}", planned.warnings);
    assert!(planned.warnings[0].contains("no right to write"), "{:#?}", planned.warnings);
    assert_eq!((planned.get(DB, "cidr").as_str(), planned.get("ipam_scope.lab", "id").as_str()), (UNKNOWN, UNKNOWN));
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/22"));
    assert_eq!(planned.get("ipam_pool.top", "cidrs"), "10.0.0.0/8 172.16.0.0/12");
    let errors = looker.apply_plan(&planned).unwrap_err();
    assert!(errors[0].contains("read-only"), "{errors:#?}");
    // An identity that may write applies the same plan.
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
}

/// A refresh of an object that an interrupted apply left: the refresh cannot be recorded, and that is not an error.
#[test]
fn a_refresh_needs_no_permission_to_write() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.ends_in_order = false;
    let planned = workspace.plan(&[top()]).unwrap();
    workspace.apply_plan(&planned).unwrap();
    let mut looker = workspace.clone();
    looker.store = Some(Arc::new(ReadOnly(Arc::clone(&world.memory))));
    looker.assert_settled(&[top()]);
    let pool = world.ipam("x", None).get_pool(&workspace.get("ipam_pool.top", "id")).unwrap().unwrap();
    assert!(!pool.meta.confirmed);
}

#[test]
fn a_provider_block_that_is_not_known_yet_plans_unknown_values() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top()]);
    let process = workspace.process();
    process.shared.configure(None);
    let commits = world.memory.commits();
    for (type_name, arguments) in [
        ("ipam_scope", json!({"name": "lab"})),
        ("ipam_pool", top().1),
        ("ipam_pool_cidr", json!({"ipam_pool_id": "ipam-pool-1", "cidr": "10.0.0.0/8"})),
        ("ipam_allocation", json!({"ipam_pool_id": "ipam-pool-1", "name": "web", "cidr": "10.0.0.0/8"})),
    ] {
        let resource = process.resource(type_name);
        let config = crate::provider::testing::config_of(resource, &arguments, &[].into());
        let response = resource.plan(crate::tf::PlanRequest {
            prior: crate::tf::Value::Null,
            proposed: config.clone(),
            config,
            prior_private: Private::new(),
            first_plan: None,
            carries_private: true,
            committing: false,
        });
        assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
        assert!(response.planned.entry("id").is_unknown());
    }
    let reported = process.resource("ipam_pool").read(workspace.value("ipam_pool.top")).unwrap_err();
    assert_only_error(&crate::provider::testing::errors(&reported), "", &["not known yet"]);
    assert_eq!(world.memory.commits(), commits);
}

/// A busy store is tried again until the timeout, or until the user interrupts the run.
#[test]
fn a_busy_store_is_waited_for_until_the_timeout_or_a_stop() {
    use crate::ipam::Error as Refused;
    use crate::provider::shared::within;
    let busy = || Err::<(), _>(Refused::Store(Error::Busy("a while".into())));
    let stop = crate::tf::Stop::default();
    let mut tries = 0;
    let answer = within(Duration::from_millis(250), &stop, || {
        tries += 1;
        busy()
    });
    assert!(answer.is_err() && (2..=4).contains(&tries), "{tries}");
    stop.request();
    tries = 0;
    let answer = within(Duration::from_hours(1), &stop, || {
        tries += 1;
        busy()
    });
    assert!(answer.is_err() && tries == 1);
}

/// A pull request is planned by an identity that may only read, or with `plan_hold = "0s"`.
#[test]
fn a_plan_that_may_not_write_reports_what_the_plan_of_a_writer_reports() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let rules = json!({"name": "strict", "cidrs": ["172.16.0.0/24"], "allocation_max_netmask_length": 28});
    let present = [top(), ("ipam_pool.strict", rules), web(&json!({"cidr": "10.0.0.0/24"}))];
    workspace.apply(&present);
    let in_strict = |name: &str, size: Json| {
        ("ipam_allocation.new", with(&json!({"ipam_pool_id": "${ipam_pool.strict.id}", "name": name}), &size))
    };
    let pool = |more: Json| ("ipam_pool.new", with(&json!({"name": "new"}), &more));
    let table = [
        block("ipam_allocation.new", "web", json!({"netmask_length": 24})),
        block("ipam_allocation.new", "new", json!({"cidr": "10.0.0.128/25"})),
        block("ipam_allocation.new", "new", json!({"cidr": "11.0.0.0/24"})),
        in_strict("new", json!({"netmask_length": 23})),
        in_strict("new", json!({"netmask_length": 30})),
        in_strict("new", json!({"cidr": "2001:db8::/64"})),
        pool(json!({"cidrs": ["10.128.0.0/9"]})),
        pool(json!({"source_ipam_pool_id": "${ipam_pool.strict.id}", "netmask_length": 20})),
        pool(json!({"source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.0.0.0/25"]})),
        pool(json!({"source_ipam_pool_id": "ipam-pool-00000000000000000", "netmask_length": 20})),
        ("ipam_scope.new", json!({"name": "default-private"})),
    ];
    for fault in table {
        let config = [&present[..], std::slice::from_ref(&fault)].concat();
        let reported = workspace.plan(&config).unwrap_err();
        let mut looker = workspace.clone();
        looker.store = Some(Arc::new(ReadOnly(Arc::clone(&world.memory))));
        assert_eq!(looker.plan(&config).unwrap_err(), reported, "{fault:?}");
        let mut holding_nothing = workspace.clone();
        holding_nothing.plan_hold = Duration::ZERO;
        assert_eq!(holding_nothing.plan(&config).unwrap_err(), reported, "{fault:?}");
        for shows in [&mut looker, &mut holding_nothing] {
            shows.carries_private = true;
            assert_eq!(shows.plan(&config).unwrap_err(), reported, "{fault:?}");
        }
    }
    assert!(workspace.plan(&present).unwrap().is_empty());
}
