//! Names are unique in their parent: a request for a name that is taken reports the object or the owner that has it.

use crate::harness::Workspace;
use crate::harness::store::{NewPool, Store};

fn allocation(label: &str, pool_id: &str, name: &str) -> String {
    format!(
        "
resource \"ipam_allocation\" \"{label}\" {{
  ipam_pool_id   = \"{pool_id}\"
  name           = \"{name}\"
  netmask_length = 28
}}
"
    )
}

fn workspace_with_pool(store: &Store) -> (Workspace, String) {
    let workspace = Workspace::on(store);
    let pool = workspace.store().add_pool(&NewPool { name: "office", cidrs: &["10.0.0.0/24"], ..NewPool::default() });
    (workspace, pool.meta.id)
}

/// An object named `dmz` that is replaced before it is destroyed, while another configuration uses it.
struct ReplacedInUse {
    configuration: &'static str,
    address: &'static str,
    /// The configuration that uses the object.
    user: &'static str,
    /// A configuration that asks for the name.
    rival: &'static str,
}

const SCOPE: ReplacedInUse = ReplacedInUse {
    configuration: r#"
resource "ipam_scope" "dmz" {
  name       = "dmz"
  scope_type = "private"
  lifecycle {
    create_before_destroy = true
  }
}
"#,
    address: "ipam_scope.dmz",
    user: r#"
data "ipam_scope" "dmz" {
  name = "dmz"
}

resource "ipam_pool" "theirs" {
  name          = "theirs"
  ipam_scope_id = data.ipam_scope.dmz.id
  cidrs         = ["10.0.0.0/8"]
}
"#,
    rival: "resource \"ipam_scope\" \"mine\" {\n  name = \"dmz\"\n}\n",
};

const POOL: ReplacedInUse = ReplacedInUse {
    configuration: r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "dmz" {
  name                = "dmz"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 16
  locale              = "eu-west-1"
  lifecycle {
    create_before_destroy = true
  }
}
"#,
    address: "ipam_pool.dmz",
    user: r#"
data "ipam_pool" "dmz" {
  path = "top/dmz"
}

resource "ipam_allocation" "theirs" {
  name           = "theirs"
  ipam_pool_id   = data.ipam_pool.dmz.id
  netmask_length = 24
}
"#,
    rival: r#"
data "ipam_pool" "top" {
  path = "top"
}

resource "ipam_pool" "mine" {
  name                = "dmz"
  source_ipam_pool_id = data.ipam_pool.top.id
  netmask_length      = 16
}
"#,
};

impl ReplacedInUse {
    /// The replacement is made, the old object cannot be deleted, and then the replacement is destroyed.
    fn keeps_its_name(&self, store: &Store) {
        let (id, target) = (format!("{}.id", self.address), format!("-target={}", self.address));
        let first = Workspace::on(store).owned_by("team/first").holding_for("1s");
        first.configure(self.configuration);
        let old = first.apply().text(&id);
        let second = Workspace::on(store).owned_by("team/second");
        second.configure(self.user);
        second.apply();

        let replaced = format!("-replace={}", self.address);
        first.try_apply(&[&replaced]).fails().says(&["is not empty", "theirs"]);
        assert_ne!(first.state().text(&id), old, "the replacement was made");
        store.assert_sound();
        first.try_destroy(&[&target]).fails().says(&["is not empty", "theirs"]);
        store.assert_sound();

        let third = Workspace::on(store).owned_by("team/third");
        third.configure(self.rival);
        third.try_plan(&[]).fails().says(&["\"dmz\"", "team/first", &old]);
        let restored = Store::sqlite();
        crate::moving::carry(store, &restored, first.path());
        restored.assert_sound();

        second.assert_settled();
        second.destroy();
        first.try_destroy(&[&target]).succeeds();
        // A destroy begins with a plan of everything that is missing, and that plan holds the name once more.
        store.wait_until_holds_have_expired();
        third.apply();
        third.destroy();
        first.destroy();
        store.assert_empty();
    }
}

on_each_own_store! {
    fn a_scope_in_use_keeps_its_name_when_its_replacement_is_destroyed(store: Store) {
        SCOPE.keeps_its_name(&store);
    }

    fn a_pool_in_use_keeps_its_name_when_its_replacement_is_destroyed(store: Store) {
        POOL.keeps_its_name(&store);
    }
}

on_each_store! {
    fn one_name_twice_in_one_configuration_is_refused(store: Store) {
        let (workspace, pool_id) = workspace_with_pool(&store);
        workspace.configure(&(allocation("one", &pool_id, "web") + &allocation("two", &pool_id, "web")));
        let refused = workspace.plan_messages(&[]).fails();
        let errors = refused.diagnostics();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(errors[0].attribute.as_deref(), Some("name"), "{errors:#?}");
        assert!(errors[0].detail.contains("\"web\""), "{errors:#?}");
    }

    fn a_new_object_may_not_take_the_name_of_one_that_stays(store: Store) {
        let (workspace, pool_id) = workspace_with_pool(&store);
        workspace.configure(&allocation("one", &pool_id, "web"));
        workspace.apply();
        workspace.configure(&(allocation("one", &pool_id, "web") + &allocation("two", &pool_id, "web")));
        workspace.try_plan(&[]).fails().says(&["web"]);
        workspace.configure(&allocation("one", &pool_id, "web"));
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_name_held_by_another_owner_is_refused_by_name_and_time(store: Store) {
        let (first, pool_id) = workspace_with_pool(&store);
        let first = first.owned_by("team/first");
        first.configure(&allocation("web", &pool_id, "web"));
        first.plan();
        let second = Workspace::on(first.store()).owned_by("team/second");
        second.configure(&allocation("web", &pool_id, "web"));
        let refused = second.plan_messages(&[]).fails();
        let errors = refused.diagnostics();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(errors[0].attribute.as_deref(), Some("name"));
        assert!(errors[0].detail.contains("team/first"), "{errors:#?}");
        assert!(errors[0].detail.contains("until") || errors[0].detail.contains("expires"), "{errors:#?}");
        first.apply_saved();
        Workspace::assert_store_matches(first.store(), &[&first]);
    }

    fn a_name_of_another_owner_is_refused_with_the_way_to_transfer_it(store: Store) {
        let (first, pool_id) = workspace_with_pool(&store);
        let first = first.owned_by("team/first");
        first.configure(&allocation("web", &pool_id, "web"));
        let applied = first.apply();
        let second = Workspace::on(first.store()).owned_by("team/second");
        second.configure(&allocation("web", &pool_id, "web"));
        let id = applied.text("ipam_allocation.web.id");
        let cidr = applied.text("ipam_allocation.web.cidr");
        let refused = second.try_plan(&[]).fails().says(&[&cidr, store.owner_of("team/first")]);
        let import = format!("terraform import ipam_allocation.NAME {id}");
        if store.is_aws() {
            // Everything in the store belongs to its account, and so to one owner.
            refused.says(&[&import]);
        } else {
            let transfer = format!("terraform-provider-ipam transfer {id} --to \"team/second\"");
            refused.says(&[&transfer]).never_says(&import);
        }
    }

    /// The old object is gone from the configuration: within one apply the new object gets its name.
    fn a_name_moves_from_a_destroyed_object_to_a_new_one(store: Store) {
        let (workspace, pool_id) = workspace_with_pool(&store);
        workspace.configure(&allocation("old", &pool_id, "web"));
        let before = workspace.apply();
        workspace.configure(&allocation("new", &pool_id, "web"));
        let plan = workspace.plan();
        let after = workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_allocation.new.cidr"]);
        assert_ne!(after.text("ipam_allocation.new.id"), before.text("ipam_allocation.old.id"));
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    /// Terraform renames in any order: a rename that fails in one apply, because the name was not free yet, succeeds in
    /// the next.
    fn a_name_is_passed_on_from_a_renamed_object(store: Store) {
        let (workspace, pool_id) = workspace_with_pool(&store);
        let both = |one: &str, two: &str| allocation("one", &pool_id, one) + &allocation("two", &pool_id, two);
        workspace.configure(&both("web", "api"));
        let before = workspace.apply();
        workspace.configure(&both("www", "web"));
        workspace.try_plan(&[]).succeeds();
        if !workspace.try_apply(&[]).is_success() {
            workspace.apply();
        }
        workspace.assert_settled();
        let after = workspace.state();
        assert_eq!(after.text("ipam_allocation.two.name"), "web");
        for address in ["ipam_allocation.one", "ipam_allocation.two"] {
            for attribute in ["id", "cidr"] {
                let place = format!("{address}.{attribute}");
                assert_eq!(after.text(&place), before.text(&place));
            }
        }
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
}
