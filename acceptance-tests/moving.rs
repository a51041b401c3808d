//! Moving to another store: after an export and an import Terraform goes on as if nothing had happened.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::client::Client;
use crate::harness::store::{NewPool, Store, wait_for};
use crate::harness::{PROVIDER, Workspace};

/// Some objects of every kind, and `more` allocations.
fn configuration(more: usize) -> String {
    format!(
        r#"
resource "ipam_scope" "lab" {{
  name        = "lab"
  description = "benches"
}}

resource "ipam_pool" "bench" {{
  name          = "bench"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/16"]
}}

resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = ["10.0.0.0/8", "172.16.0.0/12"]
  tags  = {{ site = "hq" }}
}}

resource "ipam_pool" "prod" {{
  name                              = "prod"
  source_ipam_pool_id               = ipam_pool.top.id
  netmask_length                    = 16
  allocation_default_netmask_length = 24
  allocation_strategy               = "sparse"
}}

resource "ipam_pool_cidr" "more" {{
  ipam_pool_id   = ipam_pool.prod.id
  name           = "more"
  netmask_length = 18
}}

resource "ipam_pool" "six" {{
  name  = "six"
  cidrs = ["2001:db8::/32"]
}}

resource "ipam_allocation" "six" {{
  ipam_pool_id   = ipam_pool.six.id
  name           = "six"
  netmask_length = 64
}}

resource "ipam_allocation" "net" {{
  count        = {more}
  depends_on   = [ipam_pool_cidr.more]
  ipam_pool_id = ipam_pool.prod.id
  name         = "net-${{count.index}}"
  description  = "number ${{count.index}}"
}}
"#
    )
}

/// A command of the program on a store.
fn tool(store: &Store, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROVIDER);
    store.tell(command.args(arguments)).env_remove("TF_PLUGIN_MAGIC_COOKIE").stdin(Stdio::null());
    command
}

#[track_caller]
fn answer(store: &Store, arguments: &[&str], status: i32) -> String {
    let output = tool(store, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
    String::from_utf8(if status == 2 { output.stderr } else { output.stdout }).unwrap()
}

/// Everything in a store, except the time of the export.
#[track_caller]
fn content(store: &Store) -> String {
    answer(store, &["export"], 0).split_once('\n').unwrap().1.to_owned()
}

/// Exports one store and imports the export into another, new store.
#[track_caller]
pub(crate) fn carry(from: &Store, to: &Store, directory: &Path) {
    let file = directory.join("export.json");
    let file = file.to_str().unwrap();
    let said = answer(from, &["export", "--output", file], 0);
    assert!(said.starts_with("Exported "), "{said}");
    let said = answer(to, &["import", file], 0);
    assert!(said.starts_with("Imported into ") && said.contains(" is sound: "), "{said}");
}

/// Takes a configuration from store to store, and works with it on each.
fn journey(stores: &[Store]) {
    let mut workspace = Workspace::on(&stores[0]);
    let mut count = 3;
    workspace.configure(&configuration(count));
    workspace.apply();
    for pair in stores.windows(2) {
        let [from, to] = pair else { continue };
        // A plan that was not applied yet moves with the store.
        count += 2;
        workspace.configure(&configuration(count));
        workspace.plan();
        let (before, cidrs) = (content(from), from.active());
        carry(from, to, workspace.path());
        assert_eq!(content(to), before);
        assert_eq!(to.active(), cidrs);
        workspace.switch_to(to);
        workspace.apply_saved();
        workspace.assert_settled();
        count += 1;
        workspace.configure(&configuration(count));
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(to, &[&workspace]);
        assert_eq!(content(from), before, "the old store does not change any more");
        from.assert_sound();
    }
    workspace.destroy();
    stores.last().unwrap().assert_empty();
}

#[test]
fn terraform_goes_on_in_the_new_store_as_if_nothing_had_happened() {
    journey(&[Store::sqlite(), Store::postgres(), Store::s3(), Store::file(), Store::sqlite()]);
}

#[test]
fn the_same_with_sqlite_on_opentofu() {
    journey(&[Store::sqlite().used_by(Client::opentofu()), Store::sqlite().used_by(Client::opentofu())]);
}

#[test]
fn the_plan_right_after_moving_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let [from, to] = ["a.db", "b.db"].map(|name| Store::at(directory.path().join(name)));
    let mut workspace = Workspace::on(&from);
    workspace.configure(&configuration(4));
    workspace.apply();
    carry(&from, &to, workspace.path());
    workspace.switch_to(&to);
    workspace.assert_settled();
    // The new store may have been opened before: its default scopes are replaced.
    let looked_at = Store::at(directory.path().join("c.db"));
    workspace.switch_to(&looked_at);
    let other = Workspace::on(&looked_at).owned_by("tests/other");
    other.configure("data \"ipam_scopes\" \"all\" {}\n");
    other.apply();
    carry(&to, &looked_at, workspace.path());
    workspace.assert_settled();
    workspace.destroy();
    looked_at.assert_empty();
}

/// A store with `top` and an allocation `net-0`.
fn small(directory: &TempDir, name: &str) -> Store {
    let store = Store::at(directory.path().join(name));
    let top = store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    store.add_allocation(&top.meta.id, "net-0", "10.0.0.0/32");
    store
}

/// The export of a store with `count` allocations. It has no history, because no consistent history of these
/// allocations could be invented.
fn large(directory: &TempDir, count: u32) -> String {
    let store = small(directory, "small.db");
    let export = answer(&store, &["export"], 0);
    let id = store.active().into_keys().next().unwrap();
    let line = export.lines().find(|line| line.starts_with(&format!("{{\"id\":\"{id}\""))).unwrap().to_owned();
    let one = |n: u32| {
        let address = format!("10.{}.{}.{}/32", n >> 16, (n >> 8) & 255, n & 255);
        let line = line.replace(&id, &format!("ipam-pool-alloc-{n:017x}"));
        line.replace("10.0.0.0/32", &address).replace("\"net-0\"", &format!("\"net-{n}\""))
    };
    let all: Vec<String> = (0..count).map(one).collect();
    let text = export.replace(&line, &all.join(",\n"));
    let (objects, _) = text.split_once("\"events\":[").unwrap();
    let text = format!("{objects}\"events\":[]}}\n");
    let file = directory.path().join("large.json");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Whether an import is in the middle of its work.
fn is_half_way(store: &Store) -> bool {
    let mut half = false;
    let looked = store.raw().read(&mut |snapshot| {
        half = snapshot.get("meta/format")?.is_some_and(|text| text.starts_with(b"importing "));
        Ok(())
    });
    looked.is_ok() && half
}

#[test]
fn a_killed_import_is_not_a_store_until_it_is_run_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = large(&directory, 20_000);
    let whole = Store::at(directory.path().join("whole.db"));
    answer(&whole, &["import", &file], 0);
    let store = Store::at(directory.path().join("killed.db"));
    let mut import = tool(&store, &["import", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the import to be half way", || {
        assert_eq!(import.try_wait().unwrap(), None, "the import ended before it could be killed");
        is_half_way(&store)
    });
    import.kill().unwrap();
    import.wait().unwrap();
    assert!(is_half_way(&store), "the import had ended before it was killed");

    let words = "error: An import into this store is running or was interrupted. ";
    for arguments in [&["tree"][..], &["check"], &["status"], &["gc"], &["export"], &["events"]] {
        let said = answer(&store, arguments, 2);
        assert!(said.starts_with(words), "{arguments:?}: {said}");
    }
    let workspace = Workspace::on(&store);
    workspace.configure(&configuration(1));
    workspace.try_plan(&[]).fails().says(&["An import into this store is running or was interrupted"]);

    assert!(answer(&store, &["import", &file], 0).contains(" is sound: "));
    assert_eq!(content(&store), content(&whole));
}

#[test]
fn an_export_to_a_file_appears_complete_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let store = small(&directory, "ipam.db");
    let (file, place) =
        (directory.path().join("export.json"), directory.path().join("export.json").display().to_string());
    let said = answer(&store, &["export", "-o", &place], 0);
    assert!(
        said.ends_with(&format!(" to {place}: 2 scopes, 1 pool, 1 pool CIDR, 1 allocation, 4 events.\n")),
        "{said}"
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // A second export replaces the file, and leaves no temporary file next to it.
    answer(&store, &["export", "--output", &place], 0);
    let names = directory.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("export")).collect::<Vec<_>>(), ["export.json"]);
    let value: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!((&value["format"], &value["version"]), (&"terraform-provider-ipam/export".into(), &1.into()));
    assert_eq!(value["allocations"].as_array().unwrap().len(), 1);
    let said = answer(&store, &["export", "--output", directory.path().to_str().unwrap()], 2);
    assert!(said.contains("it exists and is not a file"), "{said}");
}

#[test]
fn a_reader_of_an_export_that_goes_away_causes_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = large(&directory, 2000);
    let store = Store::at(directory.path().join("ipam.db"));
    answer(&store, &["import", &file], 0);
    let mut child = tool(&store, &["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output: Output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn problems_are_listed_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (small(&directory, "one.db"), small(&directory, "two.db"));
    let file = directory.path().join("export.json");
    let place = file.to_str().unwrap();
    answer(&one, &["export", "--output", place], 0);
    let before = content(&two);
    let said = answer(&two, &["import", place], 2);
    assert!(said.starts_with("error: The store is not empty. "), "{said}");
    let said = answer(&two, &["import", place, "--merge"], 1);
    assert!(said.contains("10.0.0.0/8 overlaps 10.0.0.0/8 of ipam-pool-"), "{said}");
    assert!(said.contains("Its name \"top\" is also the name of ipam-pool-"), "{said}");
    assert!(said.ends_with(&format!("problems with {place}.\n")), "{said}");
    let value: Value = serde_json::from_str(&answer(&two, &["import", place, "--merge", "--json"], 1)).unwrap();
    assert_eq!((&value["written"], value["problems"].as_array().unwrap().len() >= 2), (&false.into(), true));
    assert_eq!(content(&two), before);

    let new = Store::at(directory.path().join("new.db"));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"version\":1", "\"version\":9")).unwrap();
    let said = answer(&new, &["import", place], 1);
    assert!(
        said.starts_with(
            "line 1: The file was exported by a newer program, and this program reads exports up to version "
        ),
        "{said}"
    );
    assert!(!new.path().exists(), "an invalid file makes no store");
    fs::write(&file, &text).unwrap();
    let said = answer(&new, &["import", place, "--dry-run"], 0);
    assert!(said.starts_with("Would import into "), "{said}");
    assert!(!new.path().exists(), "a dry run makes no store");
    let said = answer(&new, &["import", "no-such-file"], 2);
    assert!(said.starts_with("error: no-such-file cannot be read: "), "{said}");
}

#[test]
fn status_gc_and_prune_answer_people_and_programs() {
    let directory = tempfile::tempdir().unwrap();
    let store = small(&directory, "ipam.db");
    let workspace = Workspace::on(&store).holding_for("1s");
    workspace.configure("resource \"ipam_pool\" \"held\" {\n  name  = \"held\"\n  cidrs = [\"172.16.0.0/12\"]\n}\n");
    workspace.plan();
    store.wait_until_holds_have_expired();
    let status: Value = serde_json::from_str(&answer(&store, &["status", "--json"], 0)).unwrap();
    let counts = ["scopes", "pools", "pool_cidrs", "allocations", "holds", "expired_holds", "lapsed_holds"];
    assert_eq!(counts.map(|name| status[name].as_u64().unwrap()), [2, 1, 1, 1, 1, 1, 0], "{status}");
    assert_eq!((&status["kind"], &status["format_version"]), (&"sqlite".into(), &1.into()));
    assert_eq!(status["last_event"]["sequence"], store.assert_sound().events);
    let dry: Value = serde_json::from_str(&answer(&store, &["gc", "--dry-run", "--json"], 0)).unwrap();
    assert_eq!(dry["taken_back"].as_array().unwrap().len(), 1, "{dry}");
    let said = answer(&store, &["gc"], 0);
    assert!(said.contains("expire pool held ("), "{said}");
    assert!(said.ends_with("1 expired hold reclaimed, 0 lapsed holds forgotten. Left: 0 holds.\n"), "{said}");
    store.assert_sound();
    assert!(answer(&store, &["gc"], 0).starts_with("0 expired holds reclaimed, "));
    let said = answer(&store, &["prune", "--keep", "30d"], 0);
    assert!(said.ends_with(": this store keeps nothing to prune.\n"), "{said}");
    // A store that cannot be opened.
    let broken = Store::at(directory.path());
    assert!(answer(&broken, &["status", "--json"], 2).starts_with("error: "));
    for arguments in [&["status"][..], &["gc"], &["export"], &["prune", "--keep", "1d"]] {
        let said = answer(&Store::at(directory.path().join("none.db")), arguments, 2);
        assert!(said.starts_with("error: There is no store at "), "{arguments:?}: {said}");
    }
}
