//! Two configurations with their own states on one store, planned and applied at the same time.

use std::thread;

use crate::harness::Workspace;
use crate::harness::random::{Random, rounds};
use crate::harness::store::NewPool;

/// Some blocks in the shared pool, and a pool of `who` with some more.
fn wishes(pool_id: &str, who: &str, random: &mut Random) -> String {
    let shared = random.between(1, 6);
    let own = random.between(0, 4);
    let netmask_length = random.between(25, 28);
    let own_length = random.between(21, 23);
    format!(
        r#"
resource "ipam_allocation" "shared" {{
  count          = {shared}
  ipam_pool_id   = "{pool_id}"
  name           = "{who}-${{count.index}}"
  netmask_length = {netmask_length}
}}

resource "ipam_pool" "own" {{
  name                = "{who}"
  source_ipam_pool_id = "{pool_id}"
  netmask_length      = {own_length}
}}

resource "ipam_allocation" "own" {{
  count          = {own}
  ipam_pool_id   = ipam_pool.own.id
  name           = "net-${{count.index}}"
  netmask_length = 27
}}
"#
    )
}

#[test]
fn two_configurations_on_one_store_never_collide() {
    let mut random = Random::from_environment("two_configurations_on_one_store_never_collide");
    let base = Workspace::new();
    let pool = base.store().add_pool(&NewPool { name: "shared", cidrs: &["10.0.0.0/16"], ..NewPool::default() });
    let sides = ["left", "right"].map(|who| (who, Workspace::on(base.store()).owned_by(who)));
    for round in 0..rounds("IPAM_TEST_SHARING_ROUNDS", 5) {
        for (who, workspace) in &sides {
            let text = wishes(&pool.meta.id, who, &mut random);
            println!("round {round}, {who}:\n{text}");
            workspace.configure(&text);
        }
        let saves_plan = random.below(2) == 0;
        thread::scope(|scope| {
            for (_, workspace) in &sides {
                scope.spawn(move || {
                    if saves_plan {
                        workspace.try_plan(&["-out=plan"]).succeeds();
                        workspace.try_apply_saved("plan", &[]).succeeds();
                    } else {
                        workspace.try_apply(&[]).succeeds();
                    }
                });
            }
        });
        let [(_, left), (_, right)] = &sides;
        Workspace::assert_store_matches(base.store(), &[left, right]);
        left.assert_settled();
        right.assert_settled();
    }
    thread::scope(|scope| {
        for (_, workspace) in &sides {
            scope.spawn(|| workspace.destroy());
        }
    });
    let audit = base.store().assert_sound();
    assert_eq!((audit.pools, audit.allocations, audit.holds), (1, 0, 0));
}

/// Both configurations together want more space than there is: they may not both succeed, and no block is given out
/// twice.
#[test]
fn the_second_apply_on_a_full_pool_gets_a_clear_error() {
    let base = Workspace::new();
    let pool = base.store().add_pool(&NewPool { name: "small", cidrs: &["10.0.0.0/28"], ..NewPool::default() });
    let sides = ["left", "right"].map(|who| Workspace::on(base.store()).owned_by(who));
    for workspace in &sides {
        workspace.configure(&format!(
            "resource \"ipam_allocation\" \"web\" {{\n  count = 3\n  ipam_pool_id = \"{}\"\n  name = \"{}-${{count.index}}\"\n  \
             netmask_length = 30\n}}\n",
            pool.meta.id,
            workspace.owner()
        ));
    }
    let runs = thread::scope(|scope| {
        let threads = sides.each_ref().map(|workspace| scope.spawn(|| workspace.try_apply(&[])));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(runs.iter().any(|run| !run.is_success()), "six blocks do not fit into four");
    for run in runs.into_iter().filter(|run| !run.is_success()) {
        run.says(&["small"]).never_says("inconsistent");
    }
    let [left, right] = &sides;
    Workspace::assert_store_matches(base.store(), &[left, right]);
}
