//! Several pipelines choose from the same pools at the same time, with real Terraform.

use std::collections::BTreeMap;

use crate::harness::Workspace;
use crate::harness::each::each;
use crate::harness::store::{NewPool, Store};

const PIPELINES: usize = 4;

/// One half of a pool, in the first of these pools that has room.
fn half(pools: &[&String], name: &str) -> String {
    format!(
        r#"
resource "ipam_allocation" "half" {{
  ipam_pool_ids  = {pools:?}
  name           = {name:?}
  netmask_length = 25
}}
"#
    )
}

on_each_own_store! {
    fn pipelines_that_plan_at_once_on_a_nearly_full_pool_share_the_pools_without_an_error(store: Store) {
        // Room for one allocation, and for three.
        let add = |name, cidrs| store.add_pool(&NewPool { name, cidrs, ..NewPool::default() }).meta.id;
        let first = add("first", &["10.0.0.0/25"]);
        let second = add("second", &["10.1.0.0/24", "10.1.2.0/25"]);
        let pipelines: Vec<Workspace> =
            (0..PIPELINES).map(|number| Workspace::on(&store).owned_by(&format!("team-{number}"))).collect();
        for workspace in &pipelines {
            workspace.configure(&half(&[&first, &second], workspace.owner()));
        }
        let all: Vec<&Workspace> = pipelines.iter().collect();
        let name = |workspace: &&Workspace| workspace.owner().to_owned();
        each(&all, name, |workspace| {
            workspace.plan();
        });
        let mut shown: BTreeMap<String, usize> = BTreeMap::new();
        for workspace in &all {
            *shown.entry(workspace.saved("plan").known("ipam_allocation.half.ipam_pool_id")).or_default() += 1;
        }
        assert_eq!(shown, BTreeMap::from([(first, 1), (second, 3)]));
        each(&all, name, |workspace| {
            let pool = workspace.saved("plan").known("ipam_allocation.half.ipam_pool_id");
            assert_eq!(workspace.apply_saved().text("ipam_allocation.half.ipam_pool_id"), pool);
            workspace.assert_settled();
        });
        Workspace::assert_store_matches(&store, &all);
    }
}
