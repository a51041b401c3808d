//! Configurations that change step by step: the files `cases/<name>/<number>-<step>.tf`.
//!
//! Comments of the form `#= ...` in a step are expectations of its plan:
//!
//! - `create`, `update`, `delete`, `replace`, `replace-create-first` and addresses separated by `,`: the plan has these
//!   actions and no others.
//! - `<address>.<attribute> = <JSON>`: the value in the plan and after apply (of a data source: after apply).
//! - `kept <address>.<attribute>`, `new <address>.<attribute>`: compared with the state before.
//! - `unknown <address>.<attribute>`: known after apply only. All other attributes of the provider must be known in the
//!   plan.
//! - `output <name> = <JSON>`: in the plan and after apply.
//!
//! After each step every planned value must have come out as planned, the plan must be empty, and the store must be
//! sound and equal to the state. After the last step everything is destroyed, and the store must be empty.
//!
//! Every case runs on every kind of store. The cases in which AWS IPAM differs are in a table (`differences`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::plan::{Plan, State, split};
use crate::harness::store::Store;
use crate::harness::{Workspace, here};

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        on_each_store! {
            $(fn $name(store: Store) {
                check_on(stringify!($name), &store);
            })*
        }

        #[test]
        fn every_directory_is_a_test() {
            let found: BTreeSet<_> = fs::read_dir(here().join("cases")).unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert_eq!(found, BTreeSet::from([$(stringify!($name).to_owned()),*]));
        }
    };
}

cases! {
    a_big_block_is_split_without_overlap,
    a_changed_disallowed_cidr_replaces,
    a_contiguous_set_is_one_block,
    a_corrected_locale_keeps_the_blocks,
    a_data_source_reads_what_is_planned,
    a_growing_block_that_has_no_room_is_replaced,
    a_growing_block_with_room_stays,
    a_loan_and_a_release_that_is_prevented,
    a_name_known_only_after_apply,
    a_new_name_keeps_the_block,
    a_pool_cidr_with_another_name_keeps_its_block,
    a_pool_gets_more_space,
    a_pool_that_moves_takes_its_space_along,
    a_set_changes_member_by_member,
    a_set_member_without_room_moves,
    a_sparse_pool_leaves_room,
    a_tree_of_ten_pools,
    an_unknown_default_tag_hides_no_address,
    another_pool_replaces,
    blocks_provisioned_one_by_one,
    cidrs_are_filled_in_order,
    default_tags_show_in_tags_all,
    exact_blocks,
    fifty_at_once,
    hosts_keep_their_addresses,
    ipv6,
    ipv6_of_ones_own,
    merged_and_split_blocks_stay,
    moved_to_another_address,
    released_space_rests,
    replaced_before_it_is_destroyed,
    reserved_space_is_not_given_out,
    single_addresses,
    sizes_in_numbers,
    the_first_pool_with_room_is_chosen,
    two_families_for_one_name,
    two_private_scopes_with_the_same_space,
    two_scopes_with_the_same_space,
    what_does_not_refer_to_each_other_goes_at_once,
    words_and_rules_change_in_place,
}

#[derive(Default)]
struct Expected {
    actions: BTreeMap<String, String>,
    values: Vec<(String, Value)>,
    outputs: Vec<(String, Value)>,
    kept: Vec<String>,
    new: Vec<String>,
    unknown: BTreeSet<String>,
    /// Attributes of new objects that a plan on this store does not know, by type.
    late: BTreeMap<String, BTreeSet<String>>,
}

impl Expected {
    fn of(step: &str) -> Self {
        let mut expected = Self::default();
        for line in step.lines().filter_map(|line| line.trim().strip_prefix("#= ")) {
            expected.add(line);
        }
        expected
    }

    fn add(&mut self, line: &str) {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?} has no content"));
        let actions = match word {
            "create" | "update" | "delete" => word,
            "replace" => "delete create",
            "replace-create-first" => "create delete",
            "kept" => return self.kept.push(rest.to_owned()),
            "new" => return self.new.push(rest.to_owned()),
            "unknown" => return self.unknown.extend([rest.to_owned()]),
            "output" => {
                let (name, value) = rest.split_once(" = ").unwrap_or_else(|| panic!("{line:?} has no value"));
                return self.outputs.push((name.to_owned(), json(value)));
            }
            _ => {
                let (place, value) = line.split_once(" = ").unwrap_or_else(|| panic!("{line:?} is not an expectation"));
                return self.values.push((place.to_owned(), json(value)));
            }
        };
        self.actions.extend(rest.split(',').map(|address| (address.trim().to_owned(), actions.to_owned())));
    }

    /// Removes the expectations that `lines` replace, and adds `lines`.
    #[cfg(feature = "aws")]
    fn instead(&mut self, lines: &[String]) {
        for line in lines {
            let mut other = Self::default();
            other.add(line);
            for (address, action) in &other.actions {
                assert_ne!(self.actions.get(address), Some(action), "{line} is expected on every store");
            }
            let differs =
                |(place, value): &(String, Value)| !other.values.iter().any(|(p, v)| p == place && v != value);
            self.values.retain(differs);
            self.kept.retain(|place| !other.new.contains(place));
            self.new.retain(|place| !other.kept.contains(place));
            self.add(line);
        }
    }

    fn check_plan(&self, before: &State, plan: &Plan) {
        let actions = plan.actions();
        assert_eq!(actions, self.actions, "left: planned, right: expected");
        for address in plan.written() {
            let unknown = plan.unknowns(&address).into_iter().map(|attribute| format!("{address}.{attribute}"));
            let surprise: Vec<_> =
                unknown.filter(|place| !self.unknown.contains(place) && !self.is_late(plan, place)).collect();
            assert!(surprise.is_empty(), "not known in the plan: {surprise:?}");
        }
        for place in &self.unknown {
            assert_eq!(plan.value(place), None, "{place} is known in the plan");
        }
        for (place, value) in self.values.iter().filter(|(place, _)| self.is_in_plan(place)) {
            let planned = plan.value(place);
            assert!(
                planned.map_or_else(|| self.is_late(plan, place), |planned| plan.shows(planned, value)),
                "{place} in the plan: {planned:?}"
            );
        }
        for (name, value) in self.outputs.iter().filter(|_| self.unknown.is_empty()) {
            let planned = plan.output(name);
            let is_late = planned.is_none() && !self.late.is_empty();
            assert!(planned == Some(value) || is_late, "output {name} in the plan: {planned:?}");
        }
        for place in &self.kept {
            assert_eq!(plan.value(place), Some(before.value(place)), "{place} must be kept");
        }
        for place in &self.new {
            assert_ne!(plan.value(place), Some(before.value(place)), "{place} must change");
        }
    }

    /// Whether the value is known only after apply, because this store decides it when the object is made, or because
    /// the client cannot carry the number through a plan.
    fn is_late(&self, plan: &Plan, place: &str) -> bool {
        let (address, attribute) = split(place);
        if attribute == "address_count" && plan.loses_digits() {
            return true;
        }
        let is_made = self.actions.get(address).is_some_and(|action| action.contains("create"));
        let type_name = address.split('.').next().unwrap_or_default();
        is_made && self.late.get(type_name).is_some_and(|names| names.contains(attribute))
    }

    fn is_in_plan(&self, place: &str) -> bool {
        !place.starts_with("data.") && !self.unknown.contains(place)
    }

    fn check_state(&self, plan: &Plan, after: &State) {
        for address in plan.written() {
            let state = after.instances()[&address].clone();
            for (attribute, planned) in plan.known_attributes(&address) {
                let applied = &state[&attribute];
                assert!(plan.shows(&planned, applied), "{address}.{attribute}: {planned} planned, {applied} applied");
            }
        }
        for (place, value) in &self.values {
            assert_eq!(after.value(place), value, "{place} after apply");
        }
        for (name, value) in &self.outputs {
            assert_eq!(after.output(name), value, "output {name} after apply");
        }
    }
}

fn check_on(name: &str, store: &Store) {
    let directory = here().join("cases").join(name);
    let mut steps: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    steps.sort();
    assert!(!steps.is_empty(), "{} has no steps", directory.display());
    let workspace = Workspace::on(store);
    let mut last = String::new();
    for path in steps {
        println!("step {}", path.display());
        let text = fs::read_to_string(&path).unwrap();
        let mut expected = Expected::of(&text);
        if store.is_aws() && is_refused(name, &path, &workspace, &text, &mut expected) {
            // Terraform plans a configuration before it destroys its objects.
            workspace.configure(&last);
            break;
        }
        take(&workspace, &text, &expected);
        last = text;
    }
    workspace.destroy();
    workspace.store().assert_empty();
}

/// Changes the expectations to those for AWS IPAM. Returns whether the step was refused, as the table requires.
#[cfg(feature = "aws")]
fn is_refused(name: &str, path: &Path, workspace: &Workspace, text: &str, expected: &mut Expected) -> bool {
    use crate::differences::{Instead, known_after_apply, of_step};
    expected.late = known_after_apply();
    let words = |words: &'static [String]| words.iter().map(String::as_str).collect::<Vec<_>>();
    workspace.configure(text);
    match of_step(name, path.file_stem().and_then(|stem| stem.to_str()).unwrap()) {
        None => return false,
        Some(Instead::Planned(lines)) => {
            expected.instead(lines);
            return false;
        }
        Some(Instead::RefusedAtPlan(said)) => drop(workspace.try_plan(&[]).fails().says(&words(said))),
        Some(Instead::RefusedAtApply(said)) => {
            workspace.plan();
            workspace.try_apply_saved("plan", &[]).fails().says(&words(said));
        }
        Some(other) => panic!("a step cannot be {other:?}"),
    }
    true
}

#[cfg(not(feature = "aws"))]
fn is_refused(_: &str, _: &Path, _: &Workspace, _: &str, _: &mut Expected) -> bool {
    false
}

fn take(workspace: &Workspace, step: &str, expected: &Expected) {
    workspace.configure(step);
    let before = workspace.state();
    let plan = workspace.plan();
    expected.check_plan(&before, &plan);
    let after = workspace.apply_saved();
    expected.check_state(&plan, &after);
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[workspace]);
}

#[test]
fn expectations_read_as_written() {
    let expected = Expected::of(
        "#= update a.b, a.c[\"x\"]\n#= a.b.cidr = \"10.0.0.0/24\"\nresource {} # = no\n  #= kept a.b.id\n",
    );
    assert_eq!(expected.actions.len(), 2);
    assert_eq!(expected.actions["a.c[\"x\"]"], "update");
    assert_eq!(expected.values, [("a.b.cidr".to_owned(), "10.0.0.0/24".into())]);
    assert_eq!(split(&expected.kept[0]), ("a.b", "id"));
}
