//! The actions over values, as Terraform calls them: validate, plan, invoke.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::backend::files::Below;
use crate::backend::service::{DiscoveryNoun, DiscoverySpec, Keeps};
use crate::backend::{Ipam, Local};
use crate::ipam::discovery::types::Survey;
use crate::ipam::{Actor, Tags};
use crate::provider::on_missing::OnMissing;
use crate::provider::shared::{Configured, Shared};
use crate::provider::testing::{Process, UNKNOWN, World, assert_only_error, config_for, errors, messages};
use crate::tf::{Diagnostics, ErasedAction, Invocation, Severity, Stop, Value};

const BACKUP: &str = "ipam_backup";
const DISCOVER: &str = "ipam_discover";
const RELEASE: &str = "ipam_release_holds";

fn config(action: &dyn ErasedAction, json: &Json) -> Value {
    config_for(&action.schema().block.value_type(), json, &BTreeMap::new())
}

/// The errors of a validation and of the plan after it.
fn planned(action: &dyn ErasedAction, json: &Json) -> Vec<String> {
    let config = config(action, json);
    let validated = errors(&action.validate(&config));
    if validated.is_empty() { errors(&action.plan(&config)) } else { validated }
}

/// The progress and the diagnostics of an invocation.
fn invoked(action: &dyn ErasedAction, json: &Json, stop: &Stop) -> (Vec<String>, Diagnostics) {
    let mut told = Vec::new();
    let mut show = |sentence| {
        told.push(sentence);
        true
    };
    let diagnostics = action.invoke(&config(action, json), &mut Invocation::new(stop.clone(), &mut show));
    (told, diagnostics)
}

fn action<'p>(process: &'p Process, type_name: &str) -> &'p dyn ErasedAction {
    process.provider.action(type_name).unwrap_or_else(|| panic!("no {type_name}"))
}

/// All actions of a provider over `ipam`.
fn actions_over(ipam: Arc<dyn Ipam>) -> BTreeMap<&'static str, Box<dyn ErasedAction>> {
    let shared = Arc::new(Shared::default());
    shared.configure(Some(Configured {
        ipam,
        plan_hold: Duration::from_hours(1),
        default_tags: Tags::new().into(),
        on_missing: OnMissing::default(),
    }));
    super::all(&shared).into_iter().map(|action| (action.type_name(), action)).collect()
}

fn names(directory: &FilePath) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Arguments that are wrong whatever the store has: the attribute of the error, and words in it.
#[test]
fn wrong_arguments_are_errors_of_the_plan_on_the_argument() {
    let world = World::new();
    let process = world.workspace("team/a").process();
    for (type_name, arguments, path, words) in [
        (BACKUP, json!({}), "", "Set `path` to write a file, or `url`"),
        (BACKUP, json!({"path": null, "url": null, "overwrite": true}), "", "has no destination"),
        (BACKUP, json!({"path": "a.json", "url": "s3://b/a.json"}), "url", "`path` and `url` are both set"),
        (BACKUP, json!({"path": ""}), "path", "The path is empty"),
        (BACKUP, json!({"path": " \t"}), "path", "The path is empty"),
        (BACKUP, json!({"path": "a\u{0}b"}), "path", "NUL"),
        (BACKUP, json!({"path": "~/ipam.json"}), "path", "pathexpand"),
        (BACKUP, json!({"path": "/no/such/directory/ipam.json"}), "path", "its directory does not exist"),
        (
            BACKUP,
            json!({"path": "no/such/directory/ipam.json"}),
            "path",
            "no/such/directory/ipam.json cannot be written",
        ),
        (BACKUP, json!({"path": "/dev/null", "overwrite": true}), "path", "a pipe, a socket or a device"),
        (BACKUP, json!({"path": "/"}), "path", "names a directory"),
        (DISCOVER, json!({"ipam_resource_discovery_id": ""}), "ipam_resource_discovery_id", "leave the argument out"),
        (
            DISCOVER,
            json!({"ipam_resource_discovery_id": "ipam-res-disco-0"}),
            "ipam_resource_discovery_id",
            "ipam-res-disco-0",
        ),
        (RELEASE, json!({"owner": ""}), "owner", "leave `owner` out"),
        (RELEASE, json!({"owner": "team/b", "name": " "}), "name", "leave `name` out"),
        (RELEASE, json!({"run": ""}), "run", "leave `run` out"),
        (RELEASE, json!({}), "owner", "may belong to the very plan"),
        (RELEASE, json!({"owner": "team/a", "name": "web"}), "owner", "may belong to the very plan"),
    ] {
        let found = planned(action(&process, type_name), &arguments);
        assert_only_error(&found, path, &[words]);
    }
    assert_eq!(world.memory.commits(), 0, "a plan writes nothing");
}

#[test]
fn unknown_arguments_are_planned() {
    let world = World::new();
    let process = world.workspace("team/a").process();
    for (type_name, arguments) in [
        (BACKUP, json!({"path": UNKNOWN})),
        (BACKUP, json!({"url": UNKNOWN, "overwrite": UNKNOWN})),
        (BACKUP, json!({"path": UNKNOWN, "url": UNKNOWN})),
        (BACKUP, json!({"path": "Cargo.toml", "overwrite": UNKNOWN})),
        (DISCOVER, json!({"ipam_resource_discovery_id": UNKNOWN, "allow_failures": UNKNOWN})),
        (DISCOVER, json!({})),
        (RELEASE, json!({"owner": UNKNOWN})),
        (RELEASE, json!({"run": UNKNOWN})),
        (RELEASE, json!({"owner": "team/b", "name": UNKNOWN})),
    ] {
        assert_eq!(planned(action(&process, type_name), &arguments), [""; 0], "{type_name} {arguments}");
    }
}

#[test]
fn with_an_unknown_provider_block_an_action_is_planned_and_not_invoked() {
    let shared = Arc::new(Shared::default());
    shared.configure(None);
    for action in super::all(&shared) {
        let arguments = if action.type_name() == BACKUP { json!({"path": "ipam.json"}) } else { json!({}) };
        assert_eq!(planned(action.as_ref(), &arguments), [""; 0], "{}", action.type_name());
        let (_, diagnostics) = invoked(action.as_ref(), &arguments, &Stop::default());
        assert_only_error(&errors(&diagnostics), "", &["The provider configuration is not known yet"]);
    }
}

#[test]
fn a_service_is_backed_up_and_neither_scanned_nor_freed_of_holds() {
    let world = World::with_service();
    let process = world.workspace("team/a").process();
    let directory = tempfile::tempdir().unwrap();
    for (type_name, arguments, words) in [
        (DISCOVER, json!({}), "AWS IPAM scans by itself"),
        (RELEASE, json!({"owner": "team/b"}), "AWS IPAM has no holds"),
    ] {
        let action = action(&process, type_name);
        assert_only_error(&planned(action, &arguments), "", &[words, "Remove the action."]);
        let (told, diagnostics) = invoked(action, &arguments, &Stop::default());
        assert_only_error(&errors(&diagnostics), "", &[words]);
        assert_eq!(told, [""; 0]);
    }
    let file = directory.path().join("aws.json");
    let (_, diagnostics) = invoked(action(&process, BACKUP), &json!({"path": file}), &Stop::default());
    assert_eq!((errors(&diagnostics), file.exists()), (Vec::new(), true));
}

#[test]
fn a_backup_is_an_export_that_an_empty_store_takes() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[("ipam_pool.top", json!({"name": "s3cret", "cidrs": ["10.0.0.0/8"]}))]);
    let process = workspace.process();
    let backup = action(&process, BACKUP);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ipam.json");
    let arguments = json!({"path": file});
    assert_eq!(planned(backup, &arguments), [""; 0]);
    assert!(names(directory.path()).is_empty(), "a plan writes nothing");
    let (told, diagnostics) = invoked(backup, &arguments, &Stop::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(told[0].starts_with("Exporting ") && told[0].contains("ipam.json"), "{told:?}");
    assert!(told.last().unwrap().contains("2 scopes, 1 pool, 1 pool CIDR"), "{told:?}");

    // Nothing that is in the backup is in a message.
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(first.contains("s3cret"));
    let found = planned(backup, &arguments);
    assert_only_error(&found, "path", &["The backup exists", "overwrite = true", "formatdate"]);
    let (again, diagnostics) = invoked(backup, &arguments, &Stop::default());
    assert_only_error(&errors(&diagnostics), "path", &["The backup exists"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    let overwrite = json!({"path": file, "overwrite": true});
    assert!(invoked(backup, &overwrite, &Stop::default()).1.is_empty());
    std::fs::write(&file, "password = s3cret").unwrap();
    let refused = planned(backup, &overwrite);
    assert_only_error(&refused, "path", &["This is not a backup"]);
    assert!(![told, found, again, refused].concat().concat().contains("s3cret"));
    assert_eq!(names(directory.path()), BTreeSet::from(["ipam.json".to_owned()]));
}

#[test]
fn an_interrupted_backup_is_an_error_and_leaves_nothing() {
    let world = World::new();
    world.workspace("team/a").apply(&[("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]}))]);
    let directory = tempfile::tempdir().unwrap();
    let stop = Stop::default();
    stop.request();
    let process = world.workspace("team/a").process();
    let arguments = json!({"path": directory.path().join("ipam.json")});
    // The work may be done before the interrupt is seen, but there is no backup that is not complete.
    let (_, diagnostics) = invoked(action(&process, BACKUP), &arguments, &stop);
    match errors(&diagnostics).as_slice() {
        [] => assert_eq!(names(directory.path()), BTreeSet::from(["ipam.json".to_owned()])),
        found => {
            assert_only_error(found, "path", &["The backup was interrupted"]);
            assert!(names(directory.path()).is_empty());
        }
    }
}

#[test]
fn holds_of_another_owner_are_announced_and_released() {
    let world = World::new();
    let mut theirs = world.workspace("team/b");
    let pool = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]}));
    theirs.apply(std::slice::from_ref(&pool));
    let web = json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web", "netmask_length": 24});
    let plan = theirs.plan(&[pool, ("ipam_allocation.web", web)]).unwrap();

    let process = world.workspace("team/a").process();
    let release = action(&process, RELEASE);
    let other = json!({"owner": "team/b", "name": "db"});
    assert!(release.plan(&config(release, &other)).is_empty(), "there is nothing to announce");
    let arguments = json!({"owner": "team/b", "name": "top/web"});
    let announced = messages(&release.plan(&config(release, &arguments)), Severity::Warning);
    let [warning] = announced.as_slice() else { panic!("{announced:?}") };
    assert!(warning.contains("1 hold of owner \"team/b\" will be released"), "{warning}");
    assert!(warning.contains("allocation \"top/web\" (10.0.0.0/24), until "), "{warning}");

    assert_eq!(invoked(release, &other, &Stop::default()).0.last().unwrap(), "0 holds of owner \"team/b\" released.");
    let (told, diagnostics) = invoked(release, &arguments, &Stop::default());
    assert_eq!(told, ["Releasing holds of owner \"team/b\".", "1 hold of owner \"team/b\" released."]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let lost = theirs.apply_plan(&plan).unwrap_err();
    assert!(lost[0].contains("Plan again"), "{lost:?}");
    world.assert_sound();
}

/// A store with a discovery of one file below `directory`.
fn discovering(directory: &FilePath, below: &FilePath) -> (Arc<Local>, String) {
    let local = Local::open("memory:", None, Actor::default()).unwrap().with_files_below(Below::new([below]));
    let files = [directory.join("site.csv").display().to_string()].into();
    let spec = DiscoverySpec {
        name: Some("site".to_owned()),
        description: None,
        survey: Survey { files, ..Survey::default() },
        exclusions: BTreeSet::new(),
        tags: Tags::new(),
    };
    let id = Keeps::<DiscoveryNoun>::create(&local, &spec).unwrap().id;
    (Arc::new(local), id)
}

#[test]
fn a_scan_tells_what_it_found() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("site.csv"), "cidr,resource_id\n10.1.0.0/16,s3cret-vpc\n").unwrap();
    let (local, id) = discovering(directory.path(), directory.path());
    let actions = actions_over(local);
    let discover = actions[DISCOVER].as_ref();
    for arguments in [json!({}), json!({"ipam_resource_discovery_id": id})] {
        assert_eq!(planned(discover, &arguments), [""; 0]);
        let (told, diagnostics) = invoked(discover, &arguments, &Stop::default());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(told[0], format!("Resource discovery {id}: 1 target scanned, with 1 resource and 0 addresses."));
        assert_eq!(told[1], "0 imported, 0 released, 0 skipped.");
    }
}

#[test]
fn a_scan_that_fails_is_an_error_or_a_warning() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(directory.path().join("site.csv"), "cidr,resource_id\ns3cret,vpc-1\n").unwrap();
    for (below, words) in [(directory.path(), "line 2"), (elsewhere.path(), "discovery_files_below")] {
        let (local, id) = discovering(directory.path(), below);
        let actions = actions_over(local);
        let discover = actions[DISCOVER].as_ref();
        let (_, diagnostics) = invoked(discover, &json!({}), &Stop::default());
        assert_only_error(&errors(&diagnostics), "", &["Not everything could be scanned", &id, words]);
        let (_, diagnostics) = invoked(discover, &json!({"allow_failures": true}), &Stop::default());
        let warnings = messages(&diagnostics, Severity::Warning);
        assert_eq!((errors(&diagnostics).len(), warnings.len()), (0, 1), "{warnings:?}");
        assert!(warnings[0].contains(words) && !warnings[0].contains("s3cret"), "{warnings:?}");
    }
}

#[test]
fn a_scan_without_a_discovery_is_an_error_on_the_argument() {
    let local = Local::open("memory:", None, Actor::default()).unwrap();
    let actions = actions_over(Arc::new(local));
    let (_, diagnostics) = invoked(actions[DISCOVER].as_ref(), &json!({}), &Stop::default());
    assert_only_error(&errors(&diagnostics), "ipam_resource_discovery_id", &["discovery"]);
}

#[test]
fn an_action_on_a_store_that_may_not_be_written_says_so() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]}))]);
    workspace.store = Some(crate::provider::tests::holds::read_only(&world));
    let process = workspace.process();
    let (_, diagnostics) = invoked(action(&process, RELEASE), &json!({"owner": "team/b"}), &Stop::default());
    assert_only_error(&errors(&diagnostics), "", &["read-only"]);
    let directory = tempfile::tempdir().unwrap();
    let arguments = json!({"path": directory.path().join("ipam.json")});
    assert!(invoked(action(&process, BACKUP), &arguments, &Stop::default()).1.is_empty(), "a backup only reads");
}
