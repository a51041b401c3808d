//! The provider under another host or namespace: a `moved` block carries a state over unchanged.

use crate::harness::Workspace;

fn configuration(source: &str, pool: &str, lan: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    ipam = {{ source = "{source}" }}
  }}
}}

resource "ipam_pool" "{pool}" {{
  name   = "top"
  cidrs  = ["10.0.0.0/16"]
  locale = "us-east-1"
}}

resource "ipam_allocation" "{lan}" {{
  ipam_pool_id   = ipam_pool.{pool}.id
  name           = "lan"
  netmask_length = 24

  timeouts {{
    create = "5m"
  }}
}}
"#
    )
}

#[test]
fn a_state_of_the_same_provider_in_another_namespace_moves_with_an_empty_plan() {
    let workspace = Workspace::new();
    // The same program, under a second name.
    let rc = workspace.read("cli.tfrc");
    let ours = rc.lines().find(|line| line.contains("ipam-dev/ipam")).unwrap();
    workspace.write("cli.tfrc", &rc.replace(ours, &format!("{ours}\n{}", ours.replace("ipam-dev/", "acme/"))));
    workspace.configure(&configuration("acme/ipam", "before", "before"));
    let before = workspace.apply();
    let moves = "moved {\n  from = ipam_pool.before\n  to = ipam_pool.after\n}\n\
                 moved {\n  from = ipam_allocation.before\n  to = ipam_allocation.after\n}\n";
    workspace.configure(&(configuration("ipam-dev/ipam", "after", "after") + moves));
    let plan = workspace.plan();
    assert!(plan.is_empty(), "{:?}", plan.actions());
    workspace.apply_saved();
    workspace.configure(&configuration("ipam-dev/ipam", "after", "after"));
    workspace.assert_settled();
    let after = workspace.state();
    assert!(!workspace.read("terraform.tfstate").contains("acme/ipam"));
    for attribute in ["id", "cidr", "owner"] {
        let [before, after] = [(&before, "before"), (&after, "after")]
            .map(|(state, name)| state.text(&format!("ipam_allocation.{name}.{attribute}")));
        assert_eq!(after, before, "{attribute}");
    }
    workspace.destroy();
    workspace.store().assert_sound();
}
