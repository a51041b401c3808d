//! Mistakes that a user can make: a table from a configuration to the message and its attribute, checked through real
//! `terraform plan`. No mistake may write to the store.

mod addresses;
mod choices;
mod dual_stacks;
mod lifetimes;
mod objects;
mod placement;
mod servers;
mod sets;
mod stores;
mod text;

use std::collections::BTreeMap;

use terraform_provider_ipam::backend::Planned;
use terraform_provider_ipam::ipam::{Family, PoolSpec, Provision, Rules, ScopeSpec, ScopeType, Special, Strategy};

use crate::harness::Workspace;
use crate::harness::each::each;
use crate::harness::store::{LOCALE, NewPool, SOMEBODY_ELSE, Store};
use crate::harness::terraform::Run;

/// The stage at which the mistake must be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// From the text alone: the store is not even opened.
    Validate,
    /// While planning, on a store with the objects of [`fixture`].
    Plan,
}

/// One mistake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The mistake, as a name for the row.
    pub(crate) mistake: &'static str,
    pub(crate) stage: Stage,
    /// The configuration; `<office>` and the like stand for ids of [`fixture`].
    pub(crate) config: &'static str,
    /// The attribute that Terraform points to; empty for the whole block.
    pub(crate) attribute: &'static str,
    /// Part of the summary.
    pub(crate) summary: &'static str,
    /// Parts of the detail.
    pub(crate) detail: &'static [&'static str],
}

/// Makes the objects that the mistakes collide with. Returns their ids by their names in the table.
fn fixture(store: &Store) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    let mut pool = |key, new: NewPool<'_>| {
        let id = store.add_pool(&new).meta.id;
        ids.insert(key, id.clone());
        id
    };
    let office = pool("<office>", NewPool { name: "office", cidrs: &["10.0.0.0/24"], ..NewPool::default() });
    let full = pool("<full>", NewPool { name: "full", cidrs: &["10.2.0.0/28"], ..NewPool::default() });
    pool("<v6>", NewPool { name: "six", cidrs: &["fd80:db8::/32"], ..NewPool::default() });
    pool(
        "<regional>",
        NewPool { name: "regional", cidrs: &["10.3.0.0/16"], locale: Some("eu-west-1"), ..NewPool::default() },
    );
    let rules = Rules {
        min_netmask_length: Some(25),
        max_netmask_length: Some(28),
        default_netmask_length: None,
        required_tags: [("env".to_owned(), "prod".to_owned())].into(),
        ..Rules::default()
    };
    pool("<ruled>", NewPool { name: "ruled", cidrs: &["10.1.0.0/24"], rules, ..NewPool::default() });
    ids.insert("<empty>", empty_pool(store));
    ids.insert("<lab>", lab(store));
    ids.insert("<printer>", store.add_allocation(&office, "printer", "10.0.0.0/26").meta.id);
    store.add_allocation(&full, "a", "10.2.0.0/30");
    store.add_allocation(&full, "c", "10.2.0.8/30");
    ids.insert("<owner>", store.owner_of(SOMEBODY_ELSE).to_owned());
    // In AWS everything has the same owner, and can be imported.
    let way_out = if store.is_aws() { "terraform import" } else { "terraform-provider-ipam transfer" };
    ids.insert("<way out>", way_out.to_owned());
    ids
}

fn empty_pool(store: &Store) -> String {
    let spec = PoolSpec {
        name: "empty".to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: Some(Family::Ipv4),
        locale: Some(LOCALE.to_owned()),
        description: None,
        rules: Rules::default(),
        strategy: Strategy::default(),
        tags: [].into(),
        provision: Provision::Nothing,
        special: Special::default(),
    };
    store.open().create_pool(&spec, &Planned::Unknown).unwrap().meta.id
}

fn lab(store: &Store) -> String {
    let spec = ScopeSpec {
        name: "lab".to_owned(),
        scope_type: ScopeType::Private,
        description: None,
        tags: [].into(),
        ipam_id: None,
    };
    store.open().create_scope(&spec, &Planned::Unknown).unwrap().meta.id
}

fn with_ids(text: &str, ids: &BTreeMap<&'static str, String>) -> String {
    ids.iter().fold(text.to_owned(), |text, (key, id)| text.replace(key, id))
}

fn check(row: &Row) {
    let workspace = Workspace::new();
    let ids = if row.stage == Stage::Plan { fixture(workspace.store()) } else { BTreeMap::new() };
    let before = (row.stage == Stage::Plan).then(|| workspace.store().content());
    workspace.configure(&with_ids(row.config, &ids));
    check_error(row, &ids, &workspace.plan_messages(&["-refresh=false"]));
    match before {
        Some(before) => assert_eq!(workspace.store().content(), before, "the plan wrote to the store"),
        None => assert!(!workspace.store().path().exists(), "the plan made the store"),
    }
}

/// Checks a row on a store that other rows use at the same time.
fn check_on(row: &Row, store: &Store, ids: &BTreeMap<&'static str, String>) {
    let workspace = Workspace::on(store);
    workspace.configure(&with_ids(row.config, ids));
    check_error(row, ids, &workspace.plan_messages(&["-refresh=false"]));
}

fn check_error(row: &Row, ids: &BTreeMap<&'static str, String>, run: &Run) {
    assert!(!run.is_success(), "the command succeeded:\n{}", run.text());
    let errors: Vec<_> = run.diagnostics().into_iter().filter(|diagnostic| diagnostic.is_error()).collect();
    assert_eq!(errors.len(), 1, "one mistake, one error: {errors:#?}\n{}", run.stderr);
    let error = &errors[0];
    assert!(error.summary.contains(&with_ids(row.summary, ids)), "{:?} is not in the summary: {error:#?}", row.summary);
    for part in row.detail {
        assert!(error.detail.contains(&with_ids(part, ids)), "{part:?} is not in the detail: {error:#?}");
    }
    assert_eq!(error.attribute.as_deref().unwrap_or_default(), row.attribute, "{error:#?}");
}

/// Checks all rows, and reports all that fail.
pub(crate) fn check_all(rows: &[Row]) {
    each(rows, |row| row.mistake.to_owned(), check);
}

/// Checks all rows on one store, which they must leave unchanged.
pub(crate) fn check_all_on(store: &Store, rows: &[Row]) {
    let ids = fixture(store);
    let before = store.content();
    each(rows, |row| row.mistake.to_owned(), |row| check_on(row, store, &ids));
    assert_eq!(store.content(), before, "a refusal wrote to the store");
}
