//! A new object asks for the block of an object while the plan of that object is made: one of the two plans fails.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use super::*;
use crate::provider::testing::{World, assert_only_error, config_of, to_json};
use crate::store::memory::Memory;
use crate::store::{Error, ReadBody, Store, WriteBody};

const OLD: &str = "ipam_allocation.old";
const NEW: &str = "ipam_allocation.new";

/// A store in which one write waits until a test lets it go on.
struct Pausing {
    inner: Arc<Memory>,
    /// The number of writes until the one that waits.
    left: AtomicI64,
    arrived: mpsc::Sender<()>,
    release: Mutex<mpsc::Receiver<()>>,
}

impl Store for Pausing {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.inner.read(body)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.arrived.send(()).unwrap();
            self.release.lock().unwrap().recv().unwrap();
        }
        self.inner.write(body)
    }

    fn describe(&self) -> String {
        "pausing".to_owned()
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}

fn allocation(name: &str, cidr: &str) -> Json {
    json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "cidr": cidr})
}

/// Plans that hold nothing only check the new object. Its plan comes first here.
#[test]
fn a_plan_without_holds_gives_no_block_away_that_is_kept() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), (OLD, allocation("old", "10.0.0.0/24"))]);
    workspace.plan_hold = Duration::ZERO;
    let process = workspace.process();
    let objects = workspace.state.iter().map(|(address, state)| (address.clone(), state.value.clone())).collect();
    let config = |address: &str, json: &Json| config_of(process.resource(address), json, &objects);
    let old = &workspace.state[OLD];
    process.resource(OLD).upgrade(process.resource(OLD).schema().version, to_json(&old.value)).unwrap();
    process.ask_new(NEW, &config(NEW, &allocation("new", "10.0.0.0/28"))).unwrap();
    let kept = process.ask_unrefreshed(OLD, old, &config(OLD, &allocation("old", "10.0.0.0/24")));
    assert_only_error(&kept.unwrap_err(), "cidr", &["10.0.0.0/28 is asked for twice", "10.0.0.0/28 in 10.0.0.0/24"]);
}

#[test]
fn a_block_that_is_kept_while_another_plan_holds_it_is_asked_for_twice() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), (OLD, allocation("old", "10.0.0.0/24"))]);
    // The first request finds the block taken. The second one, which waits, takes it over.
    let (arrived, has_arrived) = mpsc::channel();
    let (go_on, release) = mpsc::channel();
    let (inner, left) = (Arc::clone(&world.memory), AtomicI64::new(1));
    workspace.store = Some(Arc::new(Pausing { inner, left, arrived, release: Mutex::new(release) }));
    let process = workspace.process();
    let objects = workspace.state.iter().map(|(address, state)| (address.clone(), state.value.clone())).collect();
    let config = |address: &str, json: &Json| config_of(process.resource(address), json, &objects);
    let old = &workspace.state[OLD];
    process.resource(OLD).upgrade(process.resource(OLD).schema().version, to_json(&old.value)).unwrap();

    let new = config(NEW, &allocation("new", "10.0.0.0/28"));
    let (new, kept) = thread::scope(|scope| {
        let new = scope.spawn(|| process.ask_new(NEW, &new));
        has_arrived.recv().unwrap();
        let kept = process.ask_unrefreshed(OLD, old, &config(OLD, &allocation("old", "10.0.0.0/24")));
        go_on.send(()).unwrap();
        (new.join().unwrap(), kept)
    });
    assert_eq!(kept.unwrap().planned, old.value);
    assert_only_error(
        &new.unwrap_err(),
        "cidr",
        &["10.0.0.0/28 is asked for twice", "\"new\"", "10.0.0.0/28 in 10.0.0.0/24"],
    );
    workspace.store = None;
    workspace.assert_settled(&[top(), (OLD, allocation("old", "10.0.0.0/24"))]);
    world.assert_sound();
}
