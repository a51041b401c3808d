//! The binary on the command line: its output, and its exit status.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use terraform_provider_ipam::backend::Terms;
use terraform_provider_ipam::ipam::{AllocationSpec, Size};
use terraform_provider_ipam::store::{self, Order, StoreUrl};

use crate::harness::PROVIDER;
use crate::harness::store::{NewPool, SOMEBODY_ELSE, Store};

/// A scratch directory whose store has `top` with `prod` in it, an allocation `web` and a hold `api`.
fn directory() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("ipam.db"));
    let top = store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    let below = NewPool { name: "prod", source: Some(&top.meta.id), cidrs: &["10.0.0.0/20"], ..NewPool::default() };
    let prod = store.add_pool(&below);
    store.add_allocation(&prod.meta.id, "web", "10.0.0.0/24");
    let spec = AllocationSpec::new(prod.meta.id, "api", Size::NetmaskLength(24));
    let terms = Terms { hold: Duration::from_secs(3600), ..Terms::default() };
    store.open().holds().unwrap().plan_allocation(&spec, &terms).unwrap();
    (directory, store)
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROVIDER);
    command.args(arguments).current_dir(directory).env_remove("IPAM_STORE").env_remove("TF_PLUGIN_MAGIC_COOKIE");
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

#[track_caller]
fn text(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(directory: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(directory, arguments)).unwrap()
}

#[track_caller]
fn refusal(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn without_arguments_it_explains_how_to_configure_terraform() {
    let scratch = tempfile::tempdir().unwrap();
    let said = text(scratch.path(), &[]);
    let place = Path::new(PROVIDER).canonicalize().unwrap();
    assert!(said.contains(&format!("\"ipam-dev/ipam\" = {:?}", place.parent().unwrap())), "{said}");
    assert!(said.contains("provider \"ipam\""), "{said}");
}

#[test]
fn a_missing_store_is_one_line_and_nothing_is_created() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["tree", "allocations", "check", "events"] {
        let said = refusal(scratch.path(), &[name]);
        assert!(said.starts_with("error: There is no store at ipam.db. "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert_eq!(scratch.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_invalid_store_url_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let said = refusal(scratch.path(), &["tree", "--store", "mysql:x"]);
    assert!(said.starts_with("error: The store URL is not understood. "), "{said}");
}

#[test]
fn tree_shows_pools_allocations_and_holds() {
    let (scratch, _) = directory();
    let said = text(scratch.path(), &["tree"]);
    let lines: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(lines[0], "└─ top  10.0.0.0/8  <0.1% used, largest free 10.128.0.0/9");
    assert_eq!(lines[1], "   └─ prod  10.0.0.0/20  6.3% used, 6.3% held, largest free 10.0.8.0/21");
    assert_eq!(lines[2], "      ├─ 10.0.0.0/24  web");
    assert!(lines[3].starts_with("      └─ 10.0.1.0/24  api  (planned, held until 2"), "{said}");
    assert_eq!(
        text(scratch.path(), &["tree", "--no-allocations", "--depth", "1"]).lines().last(),
        Some("   └─ … 1 pool below")
    );
    assert!(!text(scratch.path(), &["tree", "--pool", "top/prod"]).contains("10.0.0.0/8"));
    let pool = &json(scratch.path(), &["tree", "--json"])["scopes"][0]["pools"][0]["pools"][0];
    assert_eq!(pool["path"], "top/prod");
    assert_eq!((&pool["used"], &pool["held"], &pool["free"]), (&"256".into(), &"256".into(), &"3584".into()));
}

#[test]
fn allocations_can_be_narrowed() {
    let (scratch, _) = directory();
    let names = |arguments: &[&str]| -> Vec<String> {
        let answer = json(scratch.path(), &[&["allocations", "--json"], arguments].concat());
        let list = answer["allocations"].as_array().unwrap();
        list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["web", "api"], "holds are not hidden");
    assert_eq!(names(&["--planned"]), ["web", "api"]);
    assert_eq!(names(&["--active"]), ["web"]);
    assert_eq!(names(&["--containing", "10.0.1.9"]), ["api"]);
    assert_eq!(names(&["--within", "10.0.0.0/24"]), ["web"]);
    assert_eq!(names(&["--pool", "prod", "--active"]), ["web"]);
    assert_eq!(names(&["--owner", SOMEBODY_ELSE, "--active"]), ["web"]);
    assert_eq!(names(&["--scope", "default-private", "--active"]), ["web"]);
    assert!(names(&["--scope", "default-public"]).is_empty());
    for scope in ["none", "ipam-scope-00000000000000000"] {
        let said = refusal(scratch.path(), &["allocations", "--scope", scope]);
        assert!(said.contains(&format!("There is no scope \"{scope}\"")), "{said}");
    }
    let table = text(scratch.path(), &["allocations"]);
    assert!(table.starts_with("SCOPE            POOL      NAME  CIDR"), "{table}");
    assert!(names(&["--owner", "nobody"]).is_empty());
    assert!(refusal(scratch.path(), &["allocations", "--within", "10.0.0.1/8"]).contains("host bits"));
    assert!(refusal(scratch.path(), &["allocations", "--pool", "none"]).contains("There is no pool \"none\""));
}

#[test]
fn events_are_the_newest_unless_asked_otherwise() {
    let (scratch, store) = directory();
    let newest = store.assert_sound().events;
    let said = text(scratch.path(), &["events", "--limit", "1"]);
    assert!(said.starts_with(&format!("#{newest}  ")), "{said}");
    assert!(said.contains(&format!("{SOMEBODY_ELSE}  hold allocation api (")), "{said}");
    assert!(said.ends_with("  10.0.1.0/24\n"), "{said}");
    assert!(text(scratch.path(), &["events", "--after", "0", "--limit", "1"]).starts_with("#1  "));
    let all = json(scratch.path(), &["events", "--json"]);
    assert_eq!(all["events"].as_array().unwrap().len() as u64, newest);
}

#[test]
fn check_passes_a_sound_store_and_fails_on_damage() {
    let (scratch, store) = directory();
    assert!(text(scratch.path(), &["check"]).contains("is sound: 2 scopes, 2 pools, "));
    let raw = store::open(&StoreUrl::new(store.url())).unwrap();
    let lose_a_free_block = &mut |tx: &mut dyn store::Tx| {
        let (key, _) = tx.scan("free/".."free0", Order::Ascending, 1)?.remove(0);
        tx.delete(&key).map(|()| true)
    };
    raw.write(lose_a_free_block).unwrap();
    let output = run(scratch.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.is_empty());
    let output = run(scratch.path(), &["check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ok"], false);
    assert!(!answer["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_reader_that_goes_away_causes_no_error() {
    let scratch = tempfile::tempdir().unwrap();
    let mut child = command(scratch.path(), &["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn history_shows_who_had_an_address_and_events_can_be_narrowed_and_exported() {
    let (scratch, store) = directory();
    let web = store.allocations().into_iter().find(|one| one.meta.name == "web").unwrap();
    let address = web.cidr.first_address().to_string();
    let said = text(scratch.path(), &["history", &address]);
    assert!(said.contains(&web.meta.id) && said.contains("now"), "{said}");
    let exact = json(scratch.path(), &["history", &web.cidr.to_string(), "--match", "exact", "--json"]);
    let history = exact["history"].as_array().unwrap();
    assert_eq!(history.len(), 1, "{exact}");
    assert_eq!((&history[0]["id"], &history[0]["to"]), (&Value::from(web.meta.id.clone()), &Value::Null));
    assert_eq!(text(scratch.path(), &["history", "192.0.2.1"]), "No history found.\n");
    assert_eq!(text(scratch.path(), &["history", &address, "--to", "2020-01-01"]), "No history found.\n");
    let of_web = text(scratch.path(), &["events", "--object", &web.meta.id, "--json-lines"]);
    let lines: Vec<Value> = of_web.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|event| event["id"] == web.meta.id), "{of_web}");
    assert_eq!(text(scratch.path(), &["events", "--owner", "nobody"]), "No events.\n");
    let nobody = "ipam-pool-alloc-00000000000000000";
    for command in [&["events", "--object", nobody][..], &["history", "--object", nobody]] {
        let refused = refusal(scratch.path(), command);
        assert!(refused.contains(&format!("No event is about an object with the id \"{nobody}\"")), "{refused}");
    }
    assert!(text(scratch.path(), &["history", &address]).lines().next().unwrap().contains("  SCOPE "));
    let refused = refusal(scratch.path(), &["history", "10.0.0.1/8"]);
    assert!(refused.contains("host bits"), "{refused}");
}

#[test]
fn invalid_words_and_numbers_are_errors_rather_than_empty_answers() {
    let (scratch, _) = directory();
    for (arguments, words) in [
        (&["events", "--action", "foo"][..], "possible values: hold, create"),
        (&["events", "--limit", "0"], "it is not a number of at least 1"),
        (&["prune", "--keep", "30"], "it has no unit. Write 30s, 30m, 30h, 30d or 30w"),
        (&["events", "--from", "30"], "it is a number without a unit. For a time ago, write 30d"),
        (&["import", "nosuch.json"], "nosuch.json cannot be read"),
        (&["report", "--json", "--scope", "ipam-scope-00000000000000000"], "ipam-scope-00000000000000000"),
        (&["tree", "--store", "mysql:x"], "(a bucket), and \"file:///<directory>\""),
    ] {
        let said = refusal(scratch.path(), arguments);
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!said.contains("memory:"), "{said}");
    }
}

#[test]
fn help_is_a_command_too_and_wraps() {
    let scratch = tempfile::tempdir().unwrap();
    for arguments in [&["help"][..], &["help", "prune"], &["prune", "--help"], &["--help"]] {
        let said = text(scratch.path(), arguments);
        assert!(said.contains("Usage: terraform-provider-ipam"), "{said}");
        let longest = said.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{arguments:?}: {longest:?}\n{said}");
    }
}

#[test]
fn an_export_counts_as_check_does() {
    let (scratch, _) = directory();
    let said = text(scratch.path(), &["export", "--output", "all.json"]);
    assert!(said.contains("2 scopes, 2 pools, 2 pool CIDRs, 1 allocation, 1 hold, "), "{said}");
    let check = text(scratch.path(), &["check"]);
    assert!(check.contains("2 scopes, 2 pools, 1 allocation, 1 hold, "), "{check}");
}

/// A real Bash completes the options and values after a command as well as the command.
#[test]
fn completions_of_bash_go_on_after_the_command() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("completions"), text(scratch.path(), &["completions", "bash"])).unwrap();
    let complete = |words: &[&str]| {
        let script = format!(
            ". ./completions; COMP_WORDS=(terraform-provider-ipam {}); COMP_CWORD={}; \
             $(complete -p terraform-provider-ipam | sed 's/.*-F \\([^ ]*\\).*/\\1/') terraform-provider-ipam '{}' '{}'; \
             echo \"${{COMPREPLY[@]}}\"",
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len(),
            words.last().unwrap(),
            if words.len() > 1 { words[words.len() - 2] } else { "terraform-provider-ipam" },
        );
        let output = Command::new("bash").args(["-c", &script]).current_dir(scratch.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(complete(&["al"]).contains("allocations"), "{}", complete(&["al"]));
    for (words, says) in [
        (&["allocations", "--con"][..], "--containing"),
        (&["prune", "--no"], "--no-archive"),
        (&["events", "--action", "ex"], "expire"),
    ] {
        assert!(complete(words).contains(says), "{words:?}: {}", complete(words));
    }
}
