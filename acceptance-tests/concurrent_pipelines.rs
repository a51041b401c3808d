//! Eight pipelines work on one pool at the same time, and one of them is killed in the middle of its apply.

use std::fs;
use std::thread;
use std::time::Duration;

use terraform_provider_ipam::backend::AllocationFilter;
use terraform_provider_ipam::ipam::State;

use crate::harness::Workspace;
use crate::harness::processes::{kill, providers_of};
use crate::harness::random::Random;
use crate::harness::store::{NewPool, Store};
use crate::harness::terraform::{Run, Running};

const PIPELINES: usize = 8;
const ALLOCATIONS: usize = 25;

/// Longest time from the first allocation in the store to the kill.
const LATEST_MICROSECONDS: u64 = 60_000;

fn wishes(pool_id: &str, owner: &str) -> String {
    format!(
        r#"
resource "ipam_allocation" "net" {{
  count          = {ALLOCATIONS}
  ipam_pool_id   = "{pool_id}"
  name           = "{owner}-${{count.index}}"
  netmask_length = 26
}}
"#
    )
}

/// Applies, and kills Terraform and its provider after a first allocation is in the store. Returns whether they were
/// killed.
fn apply_and_kill(workspace: &Workspace, random: &mut Random) -> (Run, bool) {
    let moment = Duration::from_micros(random.below(LATEST_MICROSECONDS));
    let store = workspace.store().open();
    let has_begun = || {
        let filter = AllocationFilter { include_planned: true, ..AllocationFilter::default() };
        let allocations = store.list_allocations(&filter).expect("allocations can be listed");
        let is_own = |name: &str| name.starts_with(&format!("{}-", workspace.owner()));
        allocations.iter().any(|found| found.meta.state == State::Active && is_own(&found.meta.name))
    };
    // Two objects at a time, so that the kill can come in the middle of the apply.
    let mut running = Running::start_now(workspace.apply_command(&["-parallelism=2"]));
    while !running.has_ended() && !has_begun() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(moment);
    let killed = !running.has_ended();
    let providers = providers_of(running.id());
    kill(running.id());
    providers.into_iter().for_each(kill);
    println!("{} was killed {moment:?} after its first allocation: {killed}", workspace.owner());
    (running.wait(), killed)
}

/// Terraform does not replace its state in one step. A state that is half written cannot be read; its user restores it
/// from a backup or, as here, begins with an empty state.
fn remove_half_written_state(workspace: &Workspace) {
    let path = workspace.path().join("terraform.tfstate");
    let text = fs::read(&path).unwrap_or_default();
    if serde_json::from_slice::<serde_json::Value>(&text).is_err() {
        fs::remove_file(path).ok();
    }
}

on_each_own_store! {
    fn eight_applies_at_once_and_one_of_them_is_killed(store: Store) {
        let mut random = Random::from_environment("eight_applies_at_once_and_one_of_them_is_killed");
        let pool = store.add_pool(&NewPool { name: "shared", cidrs: &["10.0.0.0/16"], ..NewPool::default() });
        let pipelines: Vec<_> =
            (0..PIPELINES).map(|number| Workspace::on(&store).owned_by(&format!("team-{number}"))).collect();
        for workspace in &pipelines {
            workspace.configure(&wishes(&pool.meta.id, workspace.owner()));
        }
        let (victim, others) = pipelines.split_first().unwrap();
        thread::scope(|scope| {
            for workspace in others {
                scope.spawn(|| Running::start_now(workspace.apply_command(&[])).wait().succeeds());
            }
            let (run, killed) = apply_and_kill(victim, &mut random);
            assert!(killed, "the apply ended before it could be killed: {}", run.text());
        });
        remove_half_written_state(victim);
        victim.apply();

        let all: Vec<_> = pipelines.iter().collect();
        Workspace::assert_store_matches(&store, &all);
        let audit = store.assert_sound();
        assert_eq!((audit.pools, audit.allocations, audit.holds), (1, (PIPELINES * ALLOCATIONS) as u64, 0));
        for workspace in &pipelines {
            assert_eq!(workspace.state().of_type("ipam_allocation").len(), ALLOCATIONS);
        }
        crate::harness::each::each(&all, |workspace| workspace.owner().to_owned(), |workspace| workspace.assert_settled());
    }
}
