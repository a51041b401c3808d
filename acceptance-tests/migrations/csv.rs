//! Plain CSV.

use super::{migrate, migrate_json, migrate_to_an_empty_plan, sample, settle_with_changes};
use crate::harness::Workspace;
use crate::harness::store::Store;

const MAP: &str = "cidr=Prefix,scope=VRF,role=Kind,name=Title,description=Comment,tag.env=Env,tag.owner=Owner";

fn check_moving_in(store: &Store) {
    let file = sample("csv/networks.csv");
    let workspace = migrate_to_an_empty_plan(store, &["csv", &file, "--map", MAP]);
    let state = workspace.state();
    assert_eq!(state.text("ipam_pool.europe.source_ipam_pool_id"), state.text("ipam_pool.corp.id"));
    assert_eq!(state.text("ipam_pool.europe.reserved_cidrs"), r#"["10.16.255.0/24"]"#);
    assert_eq!(state.text("ipam_pool.office.description"), "Office \"North\", floor ${1}");
    assert_eq!(state.text("ipam_pool.bench.ipam_scope_id"), state.text("ipam_scope.lab.id"));
    assert_eq!(state.text("ipam_allocation.web_servers_frankfurt_10_16_0_0_20.cidr"), "10.16.0.0/20");
    let phones = state.value("ipam_address_set.phones.ipv4")["addresses"].clone();
    assert_eq!(phones, serde_json::json!({ "phone-5": "10.200.2.5", "phone-6": "10.200.2.6" }));
    assert_eq!(state.text("ipam_pool.corp_ipv6.name"), "corp-ipv6");
    assert!(workspace.read("addresses_lab.tf").contains("rack 1"));
}

#[test]
fn a_table_becomes_a_store_and_a_configuration_with_an_empty_plan_on_sqlite() {
    check_moving_in(&Store::sqlite());
}

#[test]
fn a_table_becomes_a_store_and_a_configuration_with_an_empty_plan_on_postgres() {
    check_moving_in(&Store::postgres());
}

#[test]
fn a_newer_table_leads_to_the_difference_alone_and_nothing_is_destroyed() {
    let store = Store::sqlite();
    let (file, newer) = (sample("csv/networks.csv"), sample("csv/networks-newer.csv"));
    let workspace = migrate_to_an_empty_plan(&store, &["csv", &file, "--map", MAP]);
    let before = store.active();
    let events = store.events().len();
    let arguments = ["csv", &newer, "--map", MAP];
    let told = migrate(&workspace, &[&arguments[..], &["--dry-run"]].concat()).succeeds();
    told.says(&[
        "+ cache 10.16.18.0/24",
        "~ db 10.16.16.0/24 (changes tags)",
        "~ phones 10.200.2.0/24, 2 addresses (changes addresses)",
        "In the store, and in none of the files (nothing is released): europe/web-servers-frankfurt-10.16.17.0-24 10.16.17.0/24",
        "1 allocation. Would change: 0 scopes, 0 pools, 2 allocations.",
    ]);
    assert_eq!(store.events().len(), events, "a dry run wrote");
    let arguments = [&arguments[..], &["--write", "."]].concat();
    let written = migrate_json(&workspace, &arguments);
    assert_eq!(written["wrote"].as_array().unwrap().len(), 2, "{written:#}");
    settle_with_changes(&workspace, 1);
    let after = store.active();
    assert!(before.iter().all(|(id, block)| after.get(id) == Some(block)), "{before:?}\n{after:?}");
    assert_eq!(after.len(), before.len() + 1);
    let state = workspace.state();
    assert_eq!(state.text("ipam_allocation.db.tags"), r#"{"env":"prod","owner":"storage"}"#);
    assert_eq!(state.value("ipam_address_set.phones.ipv4")["addresses"]["phone-7"], "10.200.2.7");
    Workspace::assert_store_matches(&store, &[&workspace]);
}

#[test]
fn every_conflict_of_a_dirty_table_is_told_with_its_line_and_nothing_is_written() {
    let store = Store::sqlite();
    let workspace = Workspace::on(&store);
    let long = "x".repeat(256);
    workspace.write(
        "dirty.csv",
        &format!(
            "cidr,role,name,id,parent\n10.0.0.0/8,pool,corp,p1,\n10.1.0.1/16,,hosts,,\n10.2.0.0/16,allocation,a,,\n\
             10.2.0.0/16,allocation,b,,\n10.2.1.0/24,,inner,,\n10.3.0.0/16,,lost,,p9\n192.168.0.0/24,,home,,\n\
             10.4.0.0/16,,twin,,\n10.5.0.0/16,,twin,,\nfd00::/64,,six,,p1\n10.6.0.0/16,,{long},,\nten,,x,,\n"
        ),
    );
    let told = migrate(&workspace, &["csv", "dirty.csv", "--write", "out"]);
    assert_eq!(told.code, 1, "{}", told.text());
    let told = told.says(&[
        "dirty.csv, line 3: The cidr has host bits set.",
        "dirty.csv, line 5: 10.2.0.0/16 is there twice, first in dirty.csv, line 4.",
        "dirty.csv, line 6: 10.2.1.0/24 lies in 10.2.0.0/16, which is an allocation",
        "dirty.csv, line 7: The parent of 10.3.0.0/16 is in none of the files.",
        "dirty.csv, line 8: No pool contains 192.168.0.0/24. Declare a pool for it, such as --pool 192.168.0.0/16=NAME.",
        "dirty.csv, line 10: The name \"twin\" is there twice",
        "dirty.csv, line 11: fd00::/64 is ipv6, and its parent is not",
        "dirty.csv, line 12: The name has more than 255 characters.",
        "dirty.csv, line 13: The cidr is not a CIDR",
        "Nothing was written.",
    ]);
    told.never_says("Added");
    assert!(!workspace.path().join("out").exists());
    store.assert_empty();
    assert!(store.events().is_empty());
}

#[test]
fn what_is_in_the_store_is_a_conflict_with_the_line_of_the_file() {
    let store = Store::sqlite();
    let pool =
        store.add_pool(&crate::harness::store::NewPool { name: "corp", cidrs: &["10.0.0.0/8"], ..Default::default() });
    store.add_allocation(&pool.meta.id, "other", "10.1.0.0/16");
    let workspace = Workspace::on(&store);
    workspace.write("x.csv", "cidr,name\n10.0.0.0/8,corp\n10.1.128.0/17,web\n10.2.0.0/16,other\n10.3.0.0/16,fine\n");
    let before = store.content();
    let told = migrate(&workspace, &["csv", "x.csv"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&["x.csv, line 3:", "10.1.0.0/16", "x.csv, line 4:", "2 conflicts."]);
    assert_eq!(store.content(), before);
    workspace.write("x.csv", "cidr,name\n10.0.0.0/8,corp\n10.3.0.0/16,fine\n");
    migrate(&workspace, &["csv", "x.csv"]).succeeds().says(&["Added", "1 allocation", "corp/other 10.1.0.0/16"]);
    assert_eq!(store.active().len(), 2);
}

#[test]
fn a_file_that_was_changed_by_hand_is_not_replaced() {
    let store = Store::sqlite();
    let workspace = Workspace::on(&store);
    let file = sample("csv/networks.csv");
    let arguments = ["csv", &file, "--map", MAP, "--write", "."];
    migrate(&workspace, &arguments).succeeds();
    let mine = workspace.read("addresses.tf") + "# mine\n";
    workspace.write("addresses.tf", &mine);
    let events = store.events().len();
    let told = migrate(&workspace, &arguments);
    assert_eq!(told.code, 2, "{}", told.text());
    told.says(&["addresses.tf", "Nothing was written", "--force"]);
    assert_eq!((workspace.read("addresses.tf"), store.events().len()), (mine, events));
    migrate(&workspace, &[&arguments[..], &["--force"]].concat()).succeeds();
    assert!(!workspace.read("addresses.tf").contains("# mine"));
}

#[test]
fn a_wrong_command_line_is_refused_with_the_reason() {
    let workspace = Workspace::new();
    workspace.write("x.csv", "cidr\n10.0.0.0/8\n");
    for (arguments, says) in [
        (&["csv", "none.csv"] as &[&str], "none.csv cannot be read"),
        (&["csv", "."], "it is not a file"),
        (&["excel", "x.csv"], "it is none of csv, netbox"),
        (&["csv", "x.csv", "--map", "size=x"], "\"size\" is not a field"),
        (&["aws", "x.csv", "--map", "cidr=x"], "it is only for csv"),
        (&["csv", "x.csv", "--pool", "10.0.0.0=x"], "it is not a block and a name"),
        (&["csv", "x.csv", "--dry-run", "--write", "d"], "cannot be used with"),
    ] {
        let told = migrate(&workspace, arguments);
        assert_eq!(told.code, 2, "{}", told.text());
        told.says(&[says]);
    }
    assert!(workspace.store().is_not_made_yet());
}
