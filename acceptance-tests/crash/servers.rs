//! The server is killed in the middle of an apply, or its network fails. The user gets success or a clear error, and
//! applying again converges.

use std::thread;
use std::time::{Duration, Instant};

use test_servers::{Postgres, Proxy, S3};

use super::{assert_converged, assert_nothing_is_lost, random_configuration};
use crate::harness::Workspace;
use crate::harness::random::{Random, rounds};
use crate::harness::store::Store;
use crate::harness::terraform::{Run, Running};
use crate::harness::watch::Watch;

/// Longest time from the first write of an apply to the fault.
const LATEST_MICROSECONDS: u64 = 200_000;

/// Longest duration of a fault.
const FAULT_MILLISECONDS: u64 = 1500;

/// First lines of diagnostics that a user can act on.
const CLEAR: [&str; 4] = [
    "The store is not available",
    "The store did not confirm the change",
    "The store is busy",
    "The store is read-only",
];

fn assert_success_or_clear(run: &Run) {
    let text = run.text();
    for never in ["panicked", "Plugin did not respond", "inconsistent", "crashed"] {
        assert!(!text.contains(never), "{text}");
    }
    assert!(run.is_success() || CLEAR.iter().any(|words| text.contains(words)), "{text}");
}

/// Waits until the apply has begun to write, then for a random time.
fn wait_for_the_middle(watch: &Watch, running: &mut Running, random: &mut Random) {
    let moment = Duration::from_micros(random.below(LATEST_MICROSECONDS));
    while !running.has_ended() && !watch.has_changed() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(moment);
}

/// Applies random configurations to `store`, calls `harm` in the middle of each apply, and checks the store after every
/// round.
fn apply_in_rounds(name: &str, store: &Store, mut harm: impl FnMut(&mut Random), heal: impl Fn()) {
    let mut random = Random::from_environment(name);
    let workspace = Workspace::on(store).holding_for("10s");
    let mut failures = 0;
    for round in 0..rounds("IPAM_TEST_KILL_ROUNDS", 4) {
        let configuration = random_configuration(&mut random, round);
        println!("round {round}\n{configuration}");
        workspace.configure(&configuration);
        let watch = Watch::on(workspace.store());
        let mut running = Running::start(workspace.apply_command(&[]));
        wait_for_the_middle(&watch, &mut running, &mut random);
        harm(&mut random);
        let start = Instant::now();
        let run = running.wait();
        heal();
        println!("ended {:?} after the fault, exit status {}", start.elapsed(), run.code);
        failures += u64::from(!run.is_success());
        assert_success_or_clear(&run);
        workspace.store().assert_sound();
        workspace.apply();
        workspace.assert_settled();
        assert_converged(&workspace);
    }
    println!("{failures} applies failed");
    workspace.destroy();
    assert_nothing_is_lost(&workspace);
}

fn a_while(random: &mut Random) -> Duration {
    Duration::from_millis(random.between(10, FAULT_MILLISECONDS))
}

#[test]
fn a_postgres_server_is_killed_and_started_again() {
    let server = Postgres::start();
    let store = Store::of(server.url(&server.create_database()));
    let harm = |random: &mut Random| {
        server.kill();
        thread::sleep(a_while(random));
        server.restart();
    };
    apply_in_rounds("a_postgres_server_is_killed_and_started_again", &store, harm, || ());
}

/// Causes a random fault of the network that is possible with any protocol.
fn harm_network(proxy: &Proxy, random: &mut Random) {
    match random.below(4) {
        0 => {
            println!("cut");
            proxy.cut();
        }
        1 => {
            let delay = Duration::from_millis(random.between(1, 100));
            println!("delay {delay:?}");
            proxy.delay(delay);
        }
        2 => {
            println!("stall");
            proxy.stall();
            thread::sleep(a_while(random));
            proxy.pass();
        }
        _ => {
            println!("cut and refuse");
            proxy.refuse();
            proxy.cut();
            thread::sleep(a_while(random));
            proxy.pass();
        }
    }
}

#[test]
fn the_network_to_postgres_fails() {
    let server = Postgres::shared();
    let address = format!("127.0.0.1:{}", server.port());
    let proxy = Proxy::to(&address);
    let store = Store::postgres().through(&address, &proxy);
    let harm = |random: &mut Random| harm_network(&proxy, random);
    apply_in_rounds("the_network_to_postgres_fails", &store, harm, || proxy.pass());
}

#[test]
fn the_network_to_a_bucket_fails() {
    let server = S3::shared();
    let proxy = Proxy::to(&server.address());
    let store = Store::s3().through(&server.address(), &proxy);
    let harm = |random: &mut Random| match random.below(3) {
        0 => harm_network(&proxy, random),
        1 => {
            let request = usize::try_from(random.between(1, 4)).unwrap();
            println!("the answer to request {request} is lost");
            proxy.cut_after_request(request);
        }
        _ => {
            let times = usize::try_from(random.between(1, 3)).unwrap();
            println!("503, {times} times");
            proxy.answer(503, times);
        }
    };
    apply_in_rounds("the_network_to_a_bucket_fails", &store, harm, || proxy.pass());
}
