//! The provider is killed at random moments of plan and apply; applying again converges.
//!
//! `IPAM_TEST_KILL_ROUNDS=100 cargo test --test acceptance crash` is the long form.

mod servers;

use std::os::unix::process::CommandExt;
use std::thread;
use std::time::{Duration, Instant};

use terraform_provider_ipam::ipam::State;

use crate::harness::Workspace;
use crate::harness::processes::{interrupt_group, kill, providers_of};
use crate::harness::random::{Random, rounds};
use crate::harness::store::{NewPool, Store};
use crate::harness::terraform::{Run, Running};
use crate::harness::watch::Watch;

/// Latest moment of a kill after the start. A command has usually ended by then, so later kills would hit no process.
const LATEST: Duration = Duration::from_millis(1500);
const LATEST_AFTER_WRITE: Duration = Duration::from_millis(300);

/// The `plan_hold` of the configuration under test.
const PLAN_HOLD: Duration = Duration::from_secs(10);

/// Pools, and blocks whose sizes change from round to round, so that blocks are created, resized, replaced and deleted.
/// The pool `site` only grows: a smaller one could not contain what is allocated by then.
pub(crate) fn random_configuration(random: &mut Random, round: u64) -> String {
    let pool_length = if round < 2 { 20 } else { 19 };
    let site = random.between(0, 1);
    let count = random.between(2, 8);
    let netmask_length = random.between(24, 28);
    let (members, shift) = (random.between(1, 6), random.below(3));
    format!(
        r#"
resource "ipam_pool" "top" {{
  name   = "top"
  cidrs  = ["10.0.0.0/12"]
  locale = "us-east-1"
}}

resource "ipam_pool" "site" {{
  name                = "site-{site}"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = {pool_length}
}}

resource "ipam_allocation" "net" {{
  count          = {count}
  ipam_pool_id   = ipam_pool.site.id
  name           = "net-${{count.index}}"
  netmask_length = {netmask_length}
  description    = "round {}"
}}

resource "ipam_allocation" "direct" {{
  count          = {}
  ipam_pool_id   = ipam_pool.top.id
  name           = "direct-${{count.index}}"
  netmask_length = {netmask_length}
}}

resource "ipam_allocation_set" "vpc" {{
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"
  members      = {{ for n in range({members}) : "m${{n}}" => {{ netmask_length = 24 + (n + {shift}) % 4 }} }}
}}

resource "ipam_allocation" "hosts" {{
  ipam_pool_id   = ipam_pool.top.id
  name           = "hosts"
  netmask_length = 26
}}

resource "ipam_address_set" "hosts" {{
  ipv4_allocation_id = ipam_allocation.hosts.id
  name               = "hosts"
  members            = {{ for n in range({members}) : "h${{n + {shift}}}" => {{}} }}
}}
"#,
        random.below(1000),
        random.between(0, 4),
    )
}

/// Runs a command and kills its provider, or the next one that it starts, at a random moment after the start or after
/// its first write. Returns whether a provider was killed.
fn run_and_kill(workspace: &Workspace, arguments: &[&str], random: &mut Random) -> (Run, bool) {
    let is_busy = random.below(2) == 0;
    let latest = if is_busy { LATEST_AFTER_WRITE } else { LATEST };
    let moment = Duration::from_micros(random.below(u64::try_from(latest.as_micros()).unwrap()));
    let watch = Watch::on(workspace.store());
    let mut start = (!is_busy).then(Instant::now);
    let mut running = Running::start(workspace.command(arguments));
    let mut killed = false;
    while !killed && !running.has_ended() {
        if start.is_none() && watch.has_changed() {
            start = Some(Instant::now());
        }
        if start.is_some_and(|start| start.elapsed() >= moment) {
            for provider in providers_of(running.id()) {
                kill(provider);
                killed = true;
            }
        }
        thread::sleep(Duration::from_micros(500));
    }
    println!("{arguments:?}: killed {moment:?} after {}: {killed}", if is_busy { "a write" } else { "the start" });
    (running.wait(), killed)
}

/// Verifies that the store holds exactly what the state holds, except unused holds, which expire.
pub(crate) fn assert_converged(workspace: &Workspace) {
    Workspace::assert_store_matches(workspace.store(), &[workspace]);
    let pools = workspace.store().pools();
    assert_eq!(pools.iter().filter(|pool| pool.meta.state == State::Active).count(), 2, "{pools:#?}");
    let latest = workspace.store().open().now() + PLAN_HOLD;
    let allocations = workspace.store().allocations();
    let metas = pools.iter().map(|pool| &pool.meta).chain(allocations.iter().map(|allocation| &allocation.meta));
    for meta in metas.filter(|meta| meta.state == State::Planned) {
        assert!(meta.hold_expires_at.is_some_and(|expiry| expiry <= latest), "the hold does not expire: {meta:#?}");
    }
}

/// Verifies that all space can be allocated again: the space that a killed process held or allocated is not lost.
pub(crate) fn assert_nothing_is_lost(workspace: &Workspace) {
    let store = workspace.store();
    let is_active = |state: State| state == State::Active;
    let pools = store.pools().iter().filter(|pool| is_active(pool.meta.state)).count();
    assert_eq!((pools, store.active().len()), (0, 0), "left: {:#?}", store.content());
    store.wait_until_holds_have_expired();
    let pool = store.add_pool(&NewPool { name: "after", cidrs: &["10.0.0.0/12"], ..NewPool::default() });
    store.add_allocation(&pool.meta.id, "everything", "10.0.0.0/12");
    let audit = store.assert_sound();
    assert_eq!((audit.pools, audit.allocations), (1, 1));
}

on_each_own_store! {
    fn a_killed_provider_loses_nothing_and_leaves_nothing(store: Store) {
        kill_in_rounds(Workspace::on(&store).holding_for("10s"));
    }
}

fn kill_in_rounds(workspace: Workspace) {
    let mut random = Random::from_environment("a_killed_provider_loses_nothing_and_leaves_nothing");
    let mut kills = 0;
    for round in 0..rounds("IPAM_TEST_KILL_ROUNDS", 4) {
        let configuration = random_configuration(&mut random, round);
        println!("round {round}\n{configuration}");
        workspace.configure(&configuration);
        for _ in 0..random.between(1, 2) {
            let command = match random.below(4) {
                0 => &["plan", "-input=false", "-no-color"][..],
                1 => &["destroy", "-input=false", "-no-color", "-auto-approve"],
                _ => &["apply", "-input=false", "-no-color", "-auto-approve"],
            };
            let (run, killed) = run_and_kill(&workspace, command, &mut random);
            assert!(killed || run.is_success(), "the provider was not killed: {}", run.text());
            kills += u64::from(killed);
            workspace.store().assert_sound();
        }
        workspace.apply();
        workspace.assert_settled();
        assert_converged(&workspace);
    }
    println!("{kills} providers were killed");
    workspace.destroy();
    assert_nothing_is_lost(&workspace);
}

/// Ctrl-C goes to Terraform and to the provider. Both end in order: everything in the store is also in the state.
#[test]
fn an_interrupted_apply_keeps_what_it_reached() {
    let workspace = Workspace::new();
    let pool = workspace.store().add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    workspace.configure(&format!(
        "resource \"ipam_allocation\" \"net\" {{\n  count          = 200\n  ipam_pool_id   = \"{}\"\n  name           = \
         \"net-${{count.index}}\"\n  netmask_length = 24\n}}\n",
        pool.meta.id
    ));
    let mut command = workspace.command(&["apply", "-input=false", "-no-color", "-auto-approve", "-parallelism=2"]);
    command.process_group(0);
    let mut running = Running::start(command);
    while workspace.store().active().is_empty() && !running.has_ended() {
        thread::sleep(Duration::from_millis(1));
    }
    interrupt_group(running.id());
    let run = running.wait().never_says("Plugin did not respond");
    let reached = workspace.state().of_type("ipam_allocation").len();
    assert!(reached > 0, "{}", run.text());
    println!("reached {reached} of 200");
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    workspace.apply();
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);
}
