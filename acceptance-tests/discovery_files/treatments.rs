//! Blocks that are moved to another scope, ignored, and monitored again.

use serde_json::Value;

use super::{DISCOVERY, Scene};
use crate::harness::Workspace;
use crate::harness::store::Store;

const LAB: &str = r#"
resource "ipam_scope" "lab" {
  name = "lab"
}

resource "ipam_scope" "public" {
  name       = "internet"
  scope_type = "public"
}
"#;

fn treated(more: &str) -> String {
    format!(
        r#"{DISCOVERY}{LAB}
resource "ipam_resource_cidr" "vpc" {{
  resource_id     = "vpc-1"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "us-east-1"
{more}
}}
"#
    )
}

fn scope_of(scene: &Scene, id: &str) -> Value {
    scene.resource(id)["scope_id"].clone()
}

on_each_own_store! {
    fn flow_h_a_block_moves_to_another_scope_with_its_subnets_is_ignored_and_comes_back(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{LAB}"));
        scene.is_there(&[
            "vpc-1,vpc,10.0.0.0/16,,",
            "vpc-2,vpc,10.0.0.0/16,,",
            "subnet-1,subnet,10.0.1.0/24,vpc-1,",
            "subnet-2,subnet,10.0.1.0/24,vpc-2,",
        ]);
        scene.discover();
        let default = scope_of(&scene, "vpc-1");
        for id in ["vpc-1", "vpc-2", "subnet-1", "subnet-2"] {
            assert_eq!(scene.states(id)[2], "overlapping", "{id}");
        }
        // Two scopes may have the same addresses, so the block in the other scope does not overlap.
        scene.applies(&treated("  ipam_scope_id   = ipam_scope.lab.id"));
        let state = scene.workspace.state();
        let lab: Value = state.text("ipam_scope.lab.id").into();
        assert_eq!(state.value("ipam_resource_cidr.vpc.original_ipam_scope_id"), &default);
        assert_eq!((scope_of(&scene, "vpc-1"), scope_of(&scene, "subnet-1")), (lab.clone(), lab));
        assert_eq!((scope_of(&scene, "vpc-2"), scope_of(&scene, "subnet-2")), (default.clone(), default.clone()));
        for id in ["vpc-1", "vpc-2", "subnet-1", "subnet-2"] {
            assert_eq!(scene.states(id)[2], "nonoverlapping", "{id}");
        }
        // The block stays moved when it is found again, and after a scan that did not find it.
        scene.is_there(&["vpc-2,vpc,10.0.0.0/16,,"]);
        scene.discover();
        scene.workspace.assert_settled();
        scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,", "vpc-2,vpc,10.0.0.0/16,,"]);
        scene.discover();
        assert_eq!(scene.states("vpc-1")[2], "nonoverlapping");
        // The block is ignored in place, then monitored again.
        scene.applies(&treated("  ipam_scope_id   = ipam_scope.lab.id\n  monitored       = false"));
        assert_eq!(scene.states("vpc-1"), ["ignored", "ignored", "ignored"].map(str::to_owned));
        scene.applies(&treated("  ipam_scope_id   = ipam_scope.lab.id"));
        assert_eq!(scene.states("vpc-1")[0], "unmanaged");
        // Another configuration imports the block, and its destroy returns the block to its first scope.
        let second = Workspace::on(&store);
        let lab = "data \"ipam_scope\" \"lab\" {\n  name = \"lab\"\n}\n";
        let body = treated("  ipam_scope_id   = data.ipam_scope.lab.id").replace(DISCOVERY, "").replace(LAB, lab);
        second.configure(&body);
        second.import("ipam_resource_cidr.vpc", "vpc-1_10.0.0.0/16_us-east-1");
        second.assert_settled();
        second.destroy();
        assert_eq!(scope_of(&scene, "vpc-1"), default);
        assert_eq!(scene.states("vpc-1")[2], "overlapping");
        store.assert_sound();
    }

    fn flow_h_a_block_that_cannot_be_treated_is_reported_on_its_attribute(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{LAB}"));
        scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,", "subnet-1,subnet,10.0.1.0/24,vpc-1,"]);
        scene.discover();
        let unseen = treated("").replace("vpc-1", "vpc-9");
        scene.workspace.configure(&unseen);
        let told = scene.workspace.plan_messages(&[]).fails().diagnostics();
        let [only] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(only.attribute.as_deref(), Some("resource_cidr"), "{only:?}");
        assert!(only.detail.contains("discover"), "{only:?}");
        for (body, says) in [
            (treated("  ipam_scope_id   = ipam_scope.public.id"), "public"),
            (
                treated("  ipam_scope_id   = ipam_scope.lab.id").replace("vpc-1", "subnet-1").replace("0.0/16", "1.0/24"),
                "VPC",
            ),
        ] {
            scene.workspace.configure(&body);
            scene.workspace.try_apply(&[]).fails().says(&[says, "ipam_scope_id"]);
        }
        store.assert_sound();
    }
}
