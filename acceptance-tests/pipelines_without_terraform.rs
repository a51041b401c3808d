//! `allocate`, `reserve`, `resize` and `release` as processes: many at once, killed ones, and Terraform beside them.

use std::collections::BTreeSet;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use terraform_provider_ipam::ipam::State;

use crate::harness::random::{Random, rounds};
use crate::harness::store::{NewPool, Store};
use crate::harness::terraform::clean;
use crate::harness::{PROVIDER, Workspace};

const WEB: &str = "ipam_allocation.web";

/// Processes that allocate at the same time.
const AT_ONCE: usize = 8;
/// Those of them that ask for the same name.
const SAME: usize = 3;

/// The latest moment of a kill after the start.
const LATEST_MICROSECONDS: u64 = 120_000;

fn start(store: &Store, line: &str) -> Child {
    let mut command = Command::new(PROVIDER);
    clean(&mut command);
    command.args(line.split_whitespace()).env("IPAM_OWNER", "pipeline").stdout(Stdio::piped()).stderr(Stdio::piped());
    store.tell(&mut command).spawn().unwrap()
}

fn run(store: &Store, line: &str) -> Output {
    start(store, line).wait_with_output().unwrap()
}

fn json_of(line: &str, output: &Output) -> Value {
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The answer to a command.
#[track_caller]
fn json(store: &Store, line: &str) -> Value {
    json_of(line, &run(store, &format!("{line} --json")))
}

#[track_caller]
fn refused(store: &Store, line: &str, status: i32, words: &str) {
    let output = run(store, line);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{line}: {said}");
    assert!(output.stdout.is_empty() && said.contains(words), "{line}: {said}");
}

fn pool(store: &Store) -> String {
    store.add_pool(&NewPool { name: "shared", cidrs: &["10.0.0.0/24"], ..NewPool::default() }).meta.id
}

fn configuration(pool_id: &str, netmask_length: u8) -> String {
    format!(
        "resource \"ipam_allocation\" \"web\" {{\n  ipam_pool_id   = {pool_id:?}\n  name           = \"web\"\n  \
         netmask_length = {netmask_length}\n}}\n"
    )
}

on_each_own_store! {
    fn processes_at_once_get_different_blocks_and_one_name_gets_one_block(store: Store) {
        pool(&store);
        let name = |number: usize| if number < SAME { "same".to_owned() } else { format!("net-{number}") };
        let line = |number| format!("allocate shared --name {} --netmask-length 28 --json", name(number));
        let processes: Vec<_> = (0..AT_ONCE).map(|number| (line(number), start(&store, &line(number)))).collect();
        let answers: Vec<Value> = processes
            .into_iter()
            .map(|(line, process)| json_of(&line, &process.wait_with_output().unwrap()))
            .collect();
        let blocks: BTreeSet<&str> = answers.iter().map(|one| one["allocation"]["cidr"].as_str().unwrap()).collect();
        assert_eq!(blocks.len(), AT_ONCE - SAME + 1, "{answers:#?}");
        let made_same = answers[..SAME].iter().filter(|one| one["changed"] == true).count();
        assert_eq!(made_same, 1, "{answers:#?}");
        let audit = store.assert_sound();
        assert_eq!((audit.allocations, audit.holds), (blocks.len() as u64, 0));
        for number in SAME - 1..AT_ONCE {
            assert_eq!(json(&store, &format!("release shared/{}", name(number)))["outcome"], "released");
        }
        assert_eq!(json(&store, "release shared/same")["outcome"], "not-allocated");
        assert_eq!(json(&store, "free shared")["free"][0]["cidr"], "10.0.0.0/24");
        store.assert_sound();
    }

    fn a_plan_sees_what_a_command_allocated_and_adopts_it_only_by_an_import(store: Store) {
        let pool_id = pool(&store);
        let made = json(&store, "allocate shared --name web --netmask-length 26");
        let (id, block) = (made["allocation"]["id"].as_str().unwrap(), made["allocation"]["cidr"].as_str().unwrap());
        let workspace = Workspace::on(&store).owned_by("pipeline");
        workspace.configure(&configuration(&pool_id, 26));
        workspace.try_plan(&[]).fails().says(&["The name \"web\" is taken", block, &format!("import ipam_allocation.NAME {id}")]);
        let other = configuration(&pool_id, 26).replace("\"web\"", "\"other\"");
        workspace.configure(&other);
        assert_ne!(workspace.plan().known("ipam_allocation.other.cidr"), block);
        workspace.configure(&configuration(&pool_id, 26));
        workspace.import(WEB, id);
        workspace.assert_settled();
        assert_eq!(json(&store, "allocate shared --name web --netmask-length 26")["outcome"], "already-allocated");
        refused(&store, "allocate shared --name web --netmask-length 27", 4, "The name \"web\" is taken.");
        refused(&store, "release shared/web --owner somebody", 4, "belongs to owner \"pipeline\"");
        workspace.destroy();
        assert_eq!(json(&store, "release shared/web")["outcome"], "not-allocated");
        store.assert_sound();
    }

    fn a_plan_takes_up_a_reservation_and_keeps_off_that_of_another_owner(store: Store) {
        let pool_id = pool(&store);
        let reserved = json(&store, "reserve shared --name web --cidr 10.0.0.64/26 --for 1h");
        assert_eq!(reserved["outcome"], "reserved");
        let stranger = Workspace::on(&store).owned_by("stranger");
        stranger.configure(&configuration(&pool_id, 26));
        stranger.try_plan(&[]).fails().says(&["is reserved for owner \"pipeline\" until"]);
        let workspace = Workspace::on(&store).owned_by("pipeline");
        workspace.configure(&configuration(&pool_id, 25));
        workspace.try_plan(&[]).fails().says(&["is reserved for owner \"pipeline\" until"]);
        workspace.configure(&configuration(&pool_id, 26));
        assert_eq!(workspace.plan().known("ipam_allocation.web.cidr"), "10.0.0.64/26");
        refused(&store, "allocate shared --name web --netmask-length 26", 4, "is held for a plan of owner \"pipeline\"");
        assert_eq!(workspace.apply_saved().text("ipam_allocation.web.id"), reserved["allocation"]["id"].as_str().unwrap());
        workspace.assert_settled();
        assert_eq!(json(&store, "resize shared/web --netmask-length 27")["allocation"]["cidr"], "10.0.0.64/27");
        assert_eq!(workspace.plan().actions()[WEB], "update");
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(&store, &[&workspace]);
    }

    fn a_killed_command_leaves_everything_or_nothing(store: Store) {
        let mut random = Random::from_environment("a_killed_command_leaves_everything_or_nothing");
        pool(&store);
        for round in 0..rounds("IPAM_TEST_KILL_ROUNDS", 8) {
            let line = format!("allocate shared --name net-{round} --netmask-length 30");
            let mut process = start(&store, &line);
            thread::sleep(Duration::from_micros(random.below(LATEST_MICROSECONDS)));
            process.kill().ok();
            process.wait().unwrap();
            let name = format!("net-{round}");
            let left: Vec<_> = store.allocations().into_iter().filter(|one| one.meta.name == name).collect();
            assert!(left.len() <= 1 && left.iter().all(|one| one.meta.state == State::Active && one.meta.confirmed), "{left:#?}");
            let answer = json(&store, &line);
            assert_eq!(answer["changed"], left.is_empty(), "{answer:#?}");
            store.assert_sound();
            if round % 2 == 0 {
                let mut process = start(&store, &format!("release shared/{name}"));
                thread::sleep(Duration::from_micros(random.below(LATEST_MICROSECONDS)));
                process.kill().ok();
                process.wait().unwrap();
                json(&store, &format!("release shared/{name}"));
                store.assert_sound();
            }
        }
    }
}

#[test]
fn reasons_of_failure_have_their_own_exit_status() {
    let store = Store::sqlite();
    pool(&store);
    refused(&store, "allocate none --name web --netmask-length 26", 5, "There is no pool \"none\"");
    refused(&store, "allocate shared --name web --netmask-length 33", 2, "");
    refused(&store, "allocate shared --netmask-length 26", 2, "--name");
    json(&store, "allocate shared --name all --netmask-length 24");
    refused(&store, "allocate shared --name web --netmask-length 26", 3, "Nothing is free in it.");
    refused(&store, "next shared --netmask-length 26", 3, "has room for 0 of 1 blocks");
    refused(&store, "allocate shared --name web --cidr 10.0.0.0/26", 4, "10.0.0.0/26 overlaps space that is taken");
    refused(&store, "resize shared/web --netmask-length 26", 5, "shared/web is not allocated.");
    let unreachable = Store::of("postgres://tests@127.0.0.1:1/none?connect_timeout=1");
    refused(&unreachable, "pools", 6, "");
    refused(&store, "tree --pool none", 2, "There is no pool \"none\"");
}
