//! A store that fails once: at each of its calls in turn, a plan or an apply either reports the failure, or does what it does
//! without the fault. An answer that is missing never counts as "nothing".

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, Planned, Workspace, World};
use crate::store::memory::Memory;
use crate::store::{Error, ReadBody, Store, WriteBody};

/// A store that cannot be reached for one of its calls.
struct FailsOnce {
    inner: Arc<Memory>,
    /// The number of calls until the one that fails.
    left: AtomicI64,
}

impl FailsOnce {
    fn at(world: &World, call: i64) -> Arc<Self> {
        Arc::new(Self { inner: Arc::clone(&world.memory), left: AtomicI64::new(call) })
    }

    fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    fn count(&self) -> Result<(), Error> {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 => Err(Error::Unavailable("the network was cut".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Store for FailsOnce {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.count()?;
        self.inner.read(body)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        self.count()?;
        self.inner.write(body)
    }

    fn describe(&self) -> String {
        "fails once".to_owned()
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}

type Config = Vec<(&'static str, Json)>;

/// A configuration that is applied, and the one that is planned after it.
struct Change {
    before: Config,
    after: Config,
    /// See [`Workspace::orphans_first`].
    orphans_first: bool,
    /// A configuration whose plan fails between the two.
    failed: Option<Config>,
}

fn sized(address: &'static str, name: &str, length: u8) -> (&'static str, Json) {
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "netmask_length": length}))
}

fn fixed(address: &'static str, name: &str, cidr: &str) -> (&'static str, Json) {
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "cidr": cidr}))
}

fn site(name: &str, length: u8) -> (&'static str, Json) {
    let source = "${ipam_pool.top.id}";
    ("ipam_pool.site", json!({"name": name, "source_ipam_pool_id": source, "netmask_length": length}))
}

const A: &str = "ipam_allocation.a";
const B: &str = "ipam_allocation.b";

fn changes() -> Vec<Change> {
    let change = |before, after| Change { before, after, orphans_first: true, failed: None };
    vec![
        // New objects.
        change(vec![top()], vec![top(), site("site", 20), sized(A, "a", 24), fixed(B, "b", "10.9.0.0/24")]),
        // An allocation grows over one that goes.
        change(vec![top(), sized(A, "a", 24), sized(B, "b", 24)], vec![top(), sized(A, "a", 23)]),
        // A pool grows over an allocation that goes, and is renamed.
        change(
            vec![top(), fixed(A, "a", "10.0.2.0/24"), fixed(B, "b", "10.0.3.0/24"), site("site-0", 20)],
            vec![top(), site("site-1", 19)],
        ),
        // A block and a name go to another key.
        change(vec![top(), fixed(A, "a", "10.0.0.0/24")], vec![top(), fixed(B, "a", "10.0.0.0/24")]),
        // A new allocation gets the space of one that goes, which Terraform shows later.
        Change {
            before: vec![top(), fixed(A, "a", "10.0.0.0/24")],
            failed: Some(vec![top(), fixed(B, "b", "10.0.0.0/24")]),
            after: vec![top(), fixed(B, "b", "10.0.0.0/24")],
            orphans_first: false,
        },
    ]
}

/// Brings the objects of `change` to where its last plan begins.
fn prepared<'w>(world: &'w World, change: &Change) -> Workspace<'w> {
    let mut workspace = world.workspace("team/a");
    // One step comes after the other, so that no wait for another object helps.
    workspace.sibling_wait = Duration::from_millis(20);
    workspace.apply(&change.before);
    workspace.orphans_first = change.orphans_first;
    if let Some(failed) = &change.failed {
        workspace.plan(failed).unwrap_err();
    }
    workspace
}

/// The actions and the blocks that a plan shows.
fn shown(planned: &Planned) -> Vec<(String, Action, String)> {
    let show = |step: &crate::provider::testing::Step| {
        let cidr = if step.action == Action::Delete { String::new() } else { planned.get(&step.address, "cidr") };
        (step.address.clone(), step.action, cidr)
    };
    planned.steps.iter().map(show).collect()
}

/// Runs `attempt` with a fault at each call in turn, until it makes fewer calls than that.
fn at_each_call(mut attempt: impl FnMut(i64) -> bool) {
    let last = (0..200).find(|call| !attempt(*call));
    assert!(last.is_some_and(|calls| calls > 2), "{last:?}");
}

fn assert_reports_the_failure(errors: &[String], call: i64) {
    let reports = errors.iter().any(|error| error.contains("The store is not available"));
    assert!(reports, "call {call}: {errors:#?}");
}

#[test]
fn a_plan_reports_a_fault_or_shows_what_it_shows_without_one() {
    for change in changes() {
        let world = World::new();
        let expected = shown(&prepared(&world, &change).plan(&change.after).unwrap());
        at_each_call(|call| {
            let world = World::new();
            let mut workspace = prepared(&world, &change);
            let store = FailsOnce::at(&world, call);
            workspace.store = Some(Arc::clone(&store) as Arc<dyn Store>);
            match workspace.plan(&change.after) {
                Ok(planned) => assert_eq!(shown(&planned), expected, "call {call}"),
                Err(errors) => assert_reports_the_failure(&errors, call),
            }
            world.assert_sound();
            store.has_failed()
        });
    }
}

#[test]
fn an_apply_reports_a_fault_or_carries_out_its_plan_and_the_next_one_converges() {
    for change in changes() {
        at_each_call(|call| {
            let world = World::new();
            let mut workspace = prepared(&world, &change);
            let planned = workspace.plan(&change.after).unwrap();
            let store = FailsOnce::at(&world, call);
            workspace.store = Some(Arc::clone(&store) as Arc<dyn Store>);
            workspace.orphans_first = true;
            if let Err(errors) = workspace.apply_plan(&planned) {
                assert_reports_the_failure(&errors, call);
            }
            let was_reached = store.has_failed();
            workspace.store = None;
            workspace.apply(&change.after);
            was_reached
        });
    }
}
