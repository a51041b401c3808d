//! Saved plans that are applied later, after the store has changed.

use std::collections::BTreeSet;

use crate::crash::{assert_converged, random_configuration};
use crate::harness::Workspace;
use crate::harness::random::{Random, rounds};
use crate::harness::store::{NewPool, Store};

/// One allocation that takes all of the pool.
fn whole_pool(pool_id: &str, name: &str) -> String {
    format!(
        r#"
resource "ipam_allocation" "all" {{
  ipam_pool_id   = "{pool_id}"
  name           = "{name}"
  netmask_length = 28
}}
"#
    )
}

/// A store with a pool of 16 addresses.
fn small_pool(store: &Store) -> (Workspace, String) {
    let base = Workspace::on(store);
    let pool = base.store().add_pool(&NewPool { name: "small", cidrs: &["10.0.0.0/28"], ..NewPool::default() });
    (base, pool.meta.id)
}

const POOL_AND_ALLOCATION: &str = r#"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}
"#;

const TREE: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  locale              = "us-east-1"
  netmask_length      = 20
}

resource "ipam_allocation" "web" {
  count          = 3
  ipam_pool_id   = ipam_pool.below.id
  name           = "web-${count.index}"
  netmask_length = 24
}
"#;

on_each_store! {
    fn a_hold_that_expired_is_revived(store: Store) {
        let workspace = Workspace::on(&store).holding_for("1s");
        workspace.configure(POOL_AND_ALLOCATION);
        let plan = workspace.plan();
        workspace.store().wait_until_holds_have_expired();
        workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_pool.top.id", "ipam_allocation.web.id", "ipam_allocation.web.cidr"]);
        workspace.assert_settled();
        workspace.store().assert_sound();
    }

    fn space_that_was_given_away_needs_another_plan(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let late = Workspace::on(base.store()).owned_by("tests/late").holding_for("1s");
        late.configure(&whole_pool(&pool_id, "late"));
        late.plan();
        base.store().wait_until_holds_have_expired();

        let quick = Workspace::on(base.store()).owned_by("tests/quick");
        quick.configure(&whole_pool(&pool_id, "quick"));
        assert_eq!(quick.apply().text("ipam_allocation.all.cidr"), "10.0.0.0/28");

        let refused = late.try_apply_saved("plan", &[]).fails();
        let refused = refused.never_says("inconsistent").never_says("bug in the provider");
        // Without a hold, and without a client that reports its apply, the second plan is like a new one.
        let is_like_a_new_plan = late.store().is_aws() && !late.client().tells_the_walk();
        refused.says(if is_like_a_new_plan { &["no free /28"] } else { &["10.0.0.0/28"] });
        Workspace::assert_store_matches(base.store(), &[&late, &quick]);

        quick.destroy();
        assert_eq!(late.apply().text("ipam_allocation.all.cidr"), "10.0.0.0/28", "the next plan goes on");
        late.destroy();
        Workspace::assert_store_matches(base.store(), &[&late, &quick]);
    }

    fn the_refusal_says_to_plan_again(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let late = Workspace::on(base.store()).owned_by("tests/late").holding_for("1s");
        late.configure(&whole_pool(&pool_id, "late"));
        late.plan();
        base.store().wait_until_holds_have_expired();
        base.store().add_allocation(&pool_id, "quick", "10.0.0.8/29");
        let refused = late.try_apply_saved("plan", &[]).fails();
        let said = refused.text().to_lowercase();
        assert!(said.contains("plan again"), "{}", refused.text());
        refused.says(&["quick"]).never_says("inconsistent");
    }

    fn a_hold_that_lasts_keeps_others_out(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let first = Workspace::on(base.store()).owned_by("tests/first");
        first.configure(&whole_pool(&pool_id, "first"));
        first.plan();
        let second = Workspace::on(base.store()).owned_by("tests/second");
        second.configure(&whole_pool(&pool_id, "second"));
        second.try_plan(&[]).fails().says(&["small"]);
        first.apply_saved();
        Workspace::assert_store_matches(base.store(), &[&first, &second]);
    }

    fn an_expired_hold_makes_room_for_another_plan(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let first = Workspace::on(base.store()).owned_by("tests/first").holding_for("1s");
        first.configure(&whole_pool(&pool_id, "first"));
        first.plan();
        base.store().wait_until_holds_have_expired();
        let second = Workspace::on(base.store()).owned_by("tests/second");
        second.configure(&whole_pool(&pool_id, "second"));
        second.apply();
        Workspace::assert_store_matches(base.store(), &[&second]);
    }

    fn a_changed_wish_replaces_the_hold(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let workspace = Workspace::on(base.store());
        workspace.configure(&whole_pool(&pool_id, "web"));
        workspace.plan();
        workspace.configure(&whole_pool(&pool_id, "web").replace("netmask_length = 28", "netmask_length = 30"));
        let plan = workspace.plan_as("smaller", &[]);
        assert!(plan.known("ipam_allocation.all.cidr").ends_with("/30"));
        assert_eq!(base.store().allocations().len(), 1, "one hold: {:#?}", base.store().allocations());
        workspace.try_apply_saved("smaller", &[]).succeeds();
        workspace.assert_settled();
        Workspace::assert_store_matches(base.store(), &[&workspace]);
    }

    fn without_holds_a_plan_writes_nothing_and_apply_works(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let workspace = Workspace::on(base.store()).holding_for("0s");
        workspace.configure(&whole_pool(&pool_id, "web"));
        let before = base.store().content();
        workspace.plan();
        assert_eq!(base.store().content(), before, "the plan wrote");
        assert_eq!(workspace.apply_saved().text("ipam_allocation.all.cidr"), "10.0.0.0/28");
        workspace.assert_settled();
        Workspace::assert_store_matches(base.store(), &[&workspace]);
        workspace.destroy();
        Workspace::assert_store_matches(base.store(), &[&workspace]);
    }

    fn without_holds_a_whole_tree_is_applied(store: Store) {
        let workspace = Workspace::on(&store).holding_for("0s");
        workspace.configure(TREE);
        workspace.plan();
        assert!(store.is_not_made_yet() || (store.events().is_empty() && store.pools().is_empty()), "the plan wrote");
        let applied = workspace.apply_saved();
        assert_eq!(applied.text("ipam_pool.below.cidr"), "10.0.0.0/20");
        workspace.assert_settled();
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn planning_often_leaves_one_hold_for_each_object(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let workspace = Workspace::on(base.store());
        workspace.configure(
            &whole_pool(&pool_id, "web-${count.index}")
                .replace("  ipam_pool_id", "  count = 4\n  ipam_pool_id")
                .replace("netmask_length = 28", "netmask_length = 30"),
        );
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            let plan = workspace.plan();
            seen.insert((0..4).map(|n| plan.known(&format!("ipam_allocation.all[{n}].cidr"))).collect::<Vec<_>>());
        }
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(base.store().assert_sound().holds, 4);
    }

    fn a_saved_plan_cannot_be_applied_twice(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let workspace = Workspace::on(base.store());
        workspace.configure(&whole_pool(&pool_id, "web"));
        workspace.plan();
        workspace.apply_saved();
        workspace.try_apply_saved("plan", &[]).fails().says(&["stale"]);
        Workspace::assert_store_matches(base.store(), &[&workspace]);
    }

    fn a_hold_is_not_written_again_by_the_second_plan_of_an_apply(store: Store) {
        let (base, pool_id) = small_pool(&store);
        let workspace = Workspace::on(base.store());
        workspace.configure(&whole_pool(&pool_id, "web"));
        workspace.plan();
        let held = base.store().allocations().pop().expect("the plan holds a block");
        let lasts = held.meta.hold_expires_at.expect("a hold expires").duration_since(base.store().open().now());
        assert!(lasts.as_secs() > 3000, "1h by default: {lasts:?}");
        workspace.apply_saved();
        let actions: Vec<_> = base.store().events().into_iter().filter(|event| event.id == held.meta.id).collect();
        let actions: Vec<_> = actions.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["hold", "create"]);
    }
}

on_each_own_store! {
    fn a_plan_of_many_changes_is_applied_after_all_its_holds_have_expired(store: Store) {
        let mut random = Random::from_environment("a_plan_of_many_changes_is_applied_after_all_its_holds_have_expired");
        let workspace = Workspace::on(&store).holding_for("1s");
        for round in 0..rounds("IPAM_TEST_EXPIRY_ROUNDS", 4) {
            let configuration = random_configuration(&mut random, round);
            println!("round {round}\n{configuration}");
            workspace.configure(&configuration);
            workspace.plan();
            workspace.store().wait_until_holds_have_expired();
            workspace.apply_saved();
            workspace.assert_settled();
            workspace.store().assert_sound();
            assert_converged(&workspace);
        }
    }
}
