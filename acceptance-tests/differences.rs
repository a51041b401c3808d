//! Differences between AWS IPAM and the other stores. The table of `docs/guides/aws-ipam.md`, which users read, is what
//! the tests follow: AWS IPAM must behave like every other store, except where a row of the table describes a
//! difference, and there it must behave as the row says.
//!
//! A row is about one of these:
//!
//! - `cases/<case>/<step>`: the lines that its plan has instead (see [`crate::cases`]), or the stage at which it is
//!   refused and the words of the refusal; the case ends there;
//! - `<module>::<journey>`: the words with which the test fails;
//! - every new `<type>`: the attributes that its plan does not know.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use crate::aws::endpoint::Endpoint;
use crate::harness::each::words;
use crate::harness::store::Store;
use crate::harness::terraform::unwrapped;
use crate::harness::{Workspace, here};

const ACCOUNT: &str = "111122223333";

/// The home Region of the IPAM, then its other Regions.
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// The behavior of AWS IPAM in place of the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// The plan has these lines.
    Planned(Vec<String>),
    /// The plan fails with these words.
    RefusedAtPlan(Vec<String>),
    /// The plan succeeds, and the apply fails with these words.
    RefusedAtApply(Vec<String>),
    /// The test fails with the words of one of these lists; which one may depend on the client.
    Fails(Vec<Vec<String>>),
    /// These attributes are not known in a plan.
    Unknown(Vec<String>),
}

static TABLE: LazyLock<BTreeMap<String, Instead>> = LazyLock::new(|| {
    let path = here().with_file_name("docs").join("guides/aws-ipam.md");
    read(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
});

/// Reads the rows of the table whose first column has the heading `Where`.
fn read(guide: &str) -> BTreeMap<String, Instead> {
    let table = guide.lines().skip_while(|line| !line.starts_with("| Where"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    let mut read = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [place, instead, why] = cells[..] else { panic!("a row has three cells: {row}") };
        assert!(!why.is_empty(), "a row needs a reason: {row}");
        let known = read.insert(place.replace('`', ""), instead_of(instead));
        assert_eq!(known, None, "two rows for {place}");
    }
    assert!(!read.is_empty(), "the guide has the table");
    read
}

fn instead_of(cell: &str) -> Instead {
    let quoted_in = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let quoted = || quoted_in(cell);
    let (word, _) = cell.split_once(':').unwrap_or((cell, ""));
    match word.trim() {
        "planned" => Instead::Planned(quoted()),
        "refused at plan" => Instead::RefusedAtPlan(quoted()),
        "refused at apply" => Instead::RefusedAtApply(quoted()),
        "does not hold" => Instead::Fails(cell.split(" or, ").map(quoted_in).collect()),
        "known after apply" => Instead::Unknown(quoted()),
        other => panic!("{other:?} is not a difference that a test knows: {cell}"),
    }
}

/// A new IPAM with two operating Regions, in an endpoint that plays AWS.
pub fn aws_ipam() -> Store {
    let endpoint = Endpoint::start();
    endpoint.add_ipam(ACCOUNT, &REGIONS);
    let credentials = endpoint.credentials(ACCOUNT);
    Store::of("aws-ipam")
        .of_account(ACCOUNT)
        .with("AWS_REGION", REGIONS[0])
        .with("AWS_ACCESS_KEY_ID", &credentials.access_key)
        .with("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
        .with("AWS_ENDPOINT_URL_EC2", &endpoint.url())
        .in_place(endpoint)
}

/// The difference of a step of a case, if it has one.
pub fn of_step(case: &str, step: &str) -> Option<&'static Instead> {
    TABLE.get(&format!("cases/{case}/{step}"))
}

/// Attributes of new objects that plans do not know, by type.
pub fn known_after_apply() -> BTreeMap<String, BTreeSet<String>> {
    let of_type = |(place, instead): (&String, &Instead)| match (place.strip_prefix("every new "), instead) {
        (Some(type_name), Instead::Unknown(names)) => Some((type_name.to_owned(), names.iter().cloned().collect())),
        _ => None,
    };
    TABLE.iter().filter_map(of_type).collect()
}

/// Runs a test on AWS IPAM. It must succeed, or fail as the table says.
pub fn journey(module: &str, check: fn(Store)) {
    let (_, name) = module.split_once("::").expect("a module is in a crate");
    let store = aws_ipam();
    let Some(instead) = TABLE.get(name) else { return check(store) };
    let Instead::Fails(wanted) = instead else { panic!("the row of a test needs `does not hold`: {instead:?}") };
    let on = store.clone();
    let outcome: Result<(), Box<dyn Any + Send>> = catch_unwind(AssertUnwindSafe(|| check(on)));
    let panic = outcome.expect_err("the test succeeds as on every store: its row of the guide is no longer true");
    let said = unwrapped(words(&*panic));
    let is_said = |parts: &Vec<String>| parts.iter().all(|part| said.contains(part.as_str()));
    assert!(wanted.iter().any(is_said), "the test fails, but not with {wanted:?}:\n{said}");
}

#[test]
fn every_row_is_about_an_existing_step_test_or_type() {
    for (place, instead) in &*TABLE {
        let is_there = match instead {
            Instead::Planned(_) | Instead::RefusedAtPlan(_) | Instead::RefusedAtApply(_) => {
                here().join(format!("{place}.tf")).is_file()
            }
            Instead::Fails(_) => place.split_once("::").is_some_and(|(module, journey)| {
                let text = fs::read_to_string(here().join(format!("{module}.rs"))).unwrap_or_default();
                text.contains(&format!("fn {journey}(store: Store)"))
            }),
            Instead::Unknown(_) => place.starts_with("every new ipam_"),
        };
        assert!(is_there, "{place}");
    }
}

#[test]
fn rows_read_as_written() {
    let guide = "| Where | Instead | Why |\n|---|---|---|\n| `cases/a/01-b` | planned: `new x.id`, `update x` | so |\n\
                 | every new `ipam_x` | known after apply: `id` | so |\n\
                 | `a::b` | does not hold: `x`, `y` or, elsewhere, `z` | so |\n\nmore\n";
    let rows = read(guide);
    assert_eq!(rows["cases/a/01-b"], Instead::Planned(vec!["new x.id".to_owned(), "update x".to_owned()]));
    assert_eq!(rows["every new ipam_x"], Instead::Unknown(vec!["id".to_owned()]));
    assert_eq!(rows["a::b"], Instead::Fails(vec![vec!["x".to_owned(), "y".to_owned()], vec!["z".to_owned()]]));
}

/// A plan must not know exactly the attributes that the rows list.
#[test]
fn the_plan_of_a_new_object_does_not_know_exactly_what_the_table_says() {
    let workspace = Workspace::on(&aws_ipam());
    workspace.configure(
        r#"
resource "ipam_scope" "lab" {
  name = "lab"
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/16"]
  locale        = "us-east-1"
}

resource "ipam_pool" "below" {
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 20
}

resource "ipam_pool_cidr" "more" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "more"
  netmask_length = 24
}

resource "ipam_allocation" "web" {
  ipam_pool_id = ipam_pool_cidr.more.ipam_pool_id
  name         = "web"
}
"#,
    );
    let plan = workspace.plan();
    let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for address in plan.written() {
        let (type_name, _) = address.split_once('.').unwrap();
        unknown.entry(type_name.to_owned()).or_default().extend(plan.unknowns(&address));
    }
    assert_eq!(unknown, known_after_apply(), "left: the plan, right: the guide");
}
