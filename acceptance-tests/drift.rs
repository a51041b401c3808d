//! State and store that no longer agree: an object was deleted outside Terraform, or a state lost an object.

use terraform_provider_ipam::backend::Planned;
use terraform_provider_ipam::ipam::{
    AllocationSpec, PoolCidrSpec, PoolSpec, Provision, Rules, ScopeSpec, ScopeType, Size, Special, Strategy, Tags,
};

use crate::harness::Workspace;
use crate::harness::store::{SOMEBODY_ELSE, Store};

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
  ipam_pool_id   = ipam_pool.below.id
  name           = "web"
  netmask_length = 26
}
"#;

fn applied(store: &Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.configure(TREE);
    workspace.apply();
    workspace
}

/// Every kind of object that a plan holds, with tags, descriptions and rules that differ from those of the existing
/// objects.
const EDITED: &str = r#"
resource "ipam_scope" "lab" {
  name        = "lab"
  description = "edited"
  tags        = { team = "a" }
}

resource "ipam_pool" "top" {
  name                          = "top"
  ipam_scope_id                 = ipam_scope.lab.id
  cidrs                         = ["10.0.0.0/16"]
  allocation_min_netmask_length = 17
  tags                          = { team = "a" }
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 20
  allocation_strategy = "first-fit"
  description         = "edited"
}

resource "ipam_pool_cidr" "more" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "more"
  netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "web"
  netmask_length = 26
  description    = "edited"
  tags           = { team = "a" }
}
"#;

/// Makes the objects of [`EDITED`] with their earlier attributes, in no state, and returns their ids.
fn leave_behind(workspace: &Workspace) -> Vec<String> {
    let ipam = workspace.store().open_as(workspace.owner());
    let (unplanned, tags) = (&Planned::Unknown, Tags::default);
    let (scope_type, ipam_id) = (ScopeType::Private, None);
    let lab = ScopeSpec { name: "lab".into(), scope_type, description: None, tags: tags(), ipam_id };
    let lab = ipam.create_scope(&lab, unplanned).unwrap().meta.id;
    let top = PoolSpec {
        name: "top".into(),
        scope_id: Some(lab.clone()),
        source_pool_id: None,
        address_family: None,
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::default(),
        tags: tags(),
        provision: Provision::Cidrs(["10.0.0.0/16".parse().unwrap()].into()),
        special: Special::default(),
    };
    let below =
        PoolSpec { name: "below".into(), scope_id: None, provision: Provision::NetmaskLength(20), ..top.clone() };
    let top = ipam.create_pool(&top, unplanned).unwrap().meta.id;
    let below = PoolSpec { source_pool_id: Some(top.clone()), ..below };
    let below = ipam.create_pool(&below, unplanned).unwrap().meta.id;
    let size = Size::NetmaskLength(24);
    let more = PoolCidrSpec { pool_id: below.clone(), name: Some("more".into()), size, proof: None };
    let more = ipam.create_pool_cidr(&more, unplanned).unwrap().meta.id;
    let web = AllocationSpec { tags: tags(), ..AllocationSpec::new(below.clone(), "web", Size::NetmaskLength(26)) };
    let web = ipam.create_allocation(&web, unplanned).unwrap().meta.id;
    vec![lab, top, below, more, web]
}

on_each_own_store! {
    /// An apply was killed before Terraform wrote its state. The next apply finds the objects, and changes them to the
    /// configuration, which was edited in the meantime.
    fn objects_of_a_killed_apply_are_taken_over_with_the_edited_configuration(store: Store) {
        let workspace = Workspace::on(&store);
        let ids = leave_behind(&workspace);
        let before = workspace.store().active();
        workspace.configure(EDITED);
        let plan = workspace.plan();
        let after = workspace.apply_saved();
        let addresses =
            ["ipam_scope.lab", "ipam_pool.top", "ipam_pool.below", "ipam_pool_cidr.more", "ipam_allocation.web"];
        for (address, id) in addresses.iter().zip(ids) {
            let place = format!("{address}.id");
            assert_eq!(after.text(&place), id);
            workspace.assert_as_shown(&plan, &[&place]);
        }
        assert_eq!(workspace.store().active(), before, "every block is where it was");
        assert_eq!(after.value("ipam_scope.lab.tags_all")["team"], "a");
        assert_eq!(after.text("ipam_allocation.web.description"), "edited");
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
        workspace.destroy();
        workspace.store().assert_empty();
    }
}

const SHARED_POOL: &str = r#"
resource "ipam_pool" "shared" {
  name  = "shared"
  cidrs = ["10.0.0.0/16"]
  tags  = { shared = "yes" }
}
"#;

const LOOKED_UP: &str = r#"
data "ipam_pools" "shared" {
  tags = { shared = "yes" }
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = one(data.ipam_pools.shared.ids)
  name           = "web"
  netmask_length = 24
}
"#;

on_each_own_store! {
    /// The argument is then null. This was planned as a replacement once: the allocation was destroyed, and no new one
    /// was made.
    fn a_lookup_that_finds_nothing_any_more_destroys_nothing(store: Store) {
        let network = Workspace::on(&store).owned_by("network");
        network.configure(SHARED_POOL);
        network.apply();
        let team = Workspace::on(&store).owned_by("team");
        team.configure(LOOKED_UP);
        team.apply();
        network.configure(&SHARED_POOL.replace("yes", "no"));
        network.apply();
        let refused = team.plan_messages(&[]).fails();
        let errors = refused.diagnostics();
        let [error] = errors.as_slice() else { panic!("{errors:#?}") };
        assert_eq!(error.attribute.as_deref(), Some("ipam_pool_id"), "{errors:#?}");
        team.try_apply(&[]).fails();
        Workspace::assert_store_matches(&store, &[&team]);
        network.configure(SHARED_POOL);
        network.apply();
        team.assert_settled();
    }
}

on_each_store! {
    fn a_deleted_allocation_is_planned_anew(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state().text("ipam_allocation.web.id");
        workspace.store().open().delete_allocation(&before).unwrap();
        let plan = workspace.plan();
        assert_eq!(plan.actions(), [("ipam_allocation.web".to_owned(), "create".to_owned())].into());
        workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_allocation.web.id"]);
        assert_ne!(workspace.state().text("ipam_allocation.web.id"), before, "ids never come back");
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_deleted_pool_is_planned_anew_with_its_content(store: Store) {
        let workspace = applied(&store);
        workspace.store().open().delete_pool(&workspace.state().text("ipam_pool.below.id"), true).unwrap();
        let plan = workspace.plan();
        assert_eq!(plan.actions().len(), 2, "{:?}", plan.actions());
        let applied = workspace.apply_saved();
        assert_eq!(applied.text("ipam_allocation.web.ipam_pool_id"), applied.text("ipam_pool.below.id"));
        workspace.assert_as_shown(&plan, &["ipam_pool.below.id"]);
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn destroying_a_deleted_object_succeeds(store: Store) {
        let workspace = applied(&store);
        workspace.store().open().delete_pool(&workspace.state().text("ipam_pool.top.id"), true).unwrap();
        workspace.try_destroy(&["-refresh=false"]).succeeds();
        workspace.store().assert_empty();
    }

    fn an_object_removed_from_the_state_is_refused_with_the_import_command(store: Store) {
        let workspace = applied(&store);
        workspace.assert_settled();
        let id = workspace.state().text("ipam_allocation.web.id");
        workspace.run(&["state", "rm", "ipam_allocation.web"]).succeeds();
        let command = format!("terraform import ipam_allocation.NAME {id}");
        workspace.try_plan(&[]).fails().says(&[&command]);
        workspace.import("ipam_allocation.web", &id);
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_changed_description_shows_as_drift_and_is_put_back(store: Store) {
        let workspace = applied(&store);
        let id = workspace.state().text("ipam_allocation.web.id");
        let ipam = workspace.store().open();
        let now = ipam.get_allocation(&id).unwrap().expect("it is there");
        let change = terraform_provider_ipam::backend::AllocationChange {
            name: now.meta.name,
            description: Some("by hand".to_owned()),
            tags: now.tags,
            disallowed_cidrs: now.disallowed_cidrs,
            size: now.size,
            lifetime: now.lifetime,
        };
        ipam.update_allocation(&id, &change).unwrap();
        let plan = workspace.plan();
        assert_eq!(plan.actions(), [("ipam_allocation.web".to_owned(), "update".to_owned())].into());
        workspace.apply_saved();
        workspace.assert_settled();
        assert_eq!(ipam.get_allocation(&id).unwrap().expect("it is there").description, None);
    }

    fn a_pool_in_use_is_not_destroyed_and_the_error_lists_its_content(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(
            "resource \"ipam_pool\" \"top\" {\n  name   = \"top\"\n  cidrs  = [\"10.0.0.0/16\"]\n  locale = \"us-east-1\"\n}\n",
        );
        workspace.apply();
        workspace.assert_settled();
        let pool_id = workspace.state().text("ipam_pool.top.id");
        let other = workspace.store().add_allocation(&pool_id, "printer", "10.0.8.0/24");
        let before = workspace.store().content();
        let words = ["Pool \"top\" is not empty", "printer", "10.0.8.0/24", workspace.store().owner_of(SOMEBODY_ELSE), "cascade = true"];
        workspace.try_destroy(&[]).fails().says(&words);
        assert_eq!(workspace.store().content(), before, "the refused destroy wrote");
        workspace.store().open().delete_allocation(&other.meta.id).unwrap();
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn cascade_takes_everything_in_the_pool_along(store: Store) {
        let workspace = applied(&store);
        let cascading = TREE.replace("netmask_length      = 20", "netmask_length      = 20\n  cascade             = true");
        workspace.configure(&cascading);
        workspace.apply();
        workspace.assert_settled();
        workspace.store().add_allocation(&workspace.state().text("ipam_pool.below.id"), "printer", "10.0.8.0/24");
        workspace.destroy();
        workspace.store().assert_empty();
    }
}
