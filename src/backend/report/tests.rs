//! Tests of the report over a real store, and of its renderers with malicious names.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::problems::broken_rules;
use super::*;
use crate::backend::prelude::*;
use crate::backend::upkeep::ForgetMode;
use crate::backend::{EventFilter, Local, Planned, PoolChange, Result, Surroundings, Terms};
use crate::ipam::{
    Actor, Allocation, AllocationSpec, Error, Pool, PoolSpec, Provision, Rules, ScopeSpec, ScopeType, Size, Strategy,
    Tags,
};
use crate::store::{self, Store, StoreUrl, counting::Counting};

const HOSTILE: &str = "</script><img src=x onerror=\"alert(1)\"><!--<script>";

/// A store whose clock a test sets.
struct World {
    ipam: Local,
    clock: Arc<AtomicI64>,
}

impl World {
    fn new() -> Self {
        Self::over(store::open(&StoreUrl::new("memory:")).unwrap())
    }

    fn over(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(AtomicI64::new(1_800_000_000));
        let (now, seed) = (Arc::clone(&clock), AtomicI64::new(1));
        let surroundings = Surroundings {
            clock: Arc::new(move || Timestamp::from_second(now.load(Ordering::Relaxed)).unwrap()),
            random: Arc::new(move || seed.fetch_add(1, Ordering::Relaxed).unsigned_abs()),
        };
        let actor = Actor { owner: "network".to_owned(), ..Actor::default() };
        Self { ipam: Local::over(store, actor, surroundings), clock }
    }

    fn wait(&self, days: i64) {
        self.clock.fetch_add(days * 86_400, Ordering::Relaxed);
    }

    fn pool(&self, name: &str, source: Option<&Pool>, cidr: &str) -> Pool {
        self.pool_in(None, name, source, cidr)
    }

    fn pool_in(&self, scope_id: Option<String>, name: &str, source: Option<&Pool>, cidr: &str) -> Pool {
        let spec = PoolSpec {
            name: name.to_owned(),
            scope_id,
            source_pool_id: source.map(|pool| pool.meta.id.clone()),
            address_family: None,
            locale: None,
            description: None,
            rules: Rules::default(),
            strategy: Strategy::default(),
            tags: Tags::new(),
            provision: Provision::Cidrs([cidr.parse().unwrap()].into()),
            special: crate::ipam::Special::default(),
        };
        self.ipam.create_pool(&spec, &Planned::Unknown).unwrap()
    }

    fn spec(pool: &Pool, name: &str, cidr: &str) -> AllocationSpec {
        AllocationSpec::new(pool.meta.id.clone(), name, Size::Cidr(cidr.parse().unwrap()))
    }

    fn allocate(&self, pool: &Pool, name: &str, cidr: &str) -> Allocation {
        self.ipam.create_allocation(&Self::spec(pool, name, cidr), &Planned::Unknown).unwrap()
    }

    fn hold(&self, pool: &Pool, name: &str, cidr: &str) -> Allocation {
        let hold = Duration::from_hours(1);
        let terms = Terms { hold, ..Terms::default() };
        self.ipam.plan_allocation(&Self::spec(pool, name, cidr), &terms).unwrap()
    }

    fn change_rules(&self, pool: &Pool, rules: Rules) {
        let change = PoolChange {
            name: pool.meta.name.clone(),
            description: None,
            rules,
            strategy: pool.strategy,
            tags: Tags::new(),
            provision: pool.provision.clone(),
            auto_import: false,
            locale: None,
        };
        self.ipam.update_pool(&pool.meta.id, &change).unwrap();
    }

    fn lab(&self) -> String {
        let spec = ScopeSpec {
            ipam_id: None,
            name: "lab".to_owned(),
            scope_type: ScopeType::Private,
            description: None,
            tags: Tags::new(),
        };
        self.ipam.create_scope(&spec, &Planned::Unknown).unwrap().meta.id
    }

    fn report(&self) -> Report {
        self.ask(&Ask::default()).unwrap()
    }

    fn ask(&self, ask: &Ask) -> Result<Report> {
        Report::gather(&self.ipam, ask)
    }
}

/// `corp` with `prod` in it, which has `web` and a hold `api`; a pool `six`; `sandbox` in a separate scope.
fn world() -> (World, Pool) {
    let world = World::new();
    let corp = world.pool("corp", None, "10.0.0.0/8");
    let prod = world.pool("prod", Some(&corp), "10.0.0.0/20");
    world.pool("six", None, "2001:db8::/32");
    world.allocate(&prod, "web", "10.0.0.0/24");
    world.hold(&prod, "api", "10.0.1.0/24");
    let lab = world.lab();
    let sandbox = world.pool_in(Some(lab), "sandbox", None, "10.0.0.0/16");
    world.allocate(&sandbox, HOSTILE, "10.0.9.0/24");
    (world, prod)
}

fn problems(report: &Report) -> Vec<String> {
    let line = |one: &Problem| format!("{} {} {}: {}", one.severity.word(), one.topic.word(), one.name, one.what);
    report.problems.iter().map(line).collect()
}

#[test]
fn every_number_is_that_of_the_store() {
    let (world, _) = world();
    let report = world.report();
    assert_eq!(report.pools.len(), 4);
    for one in &report.pools {
        assert_eq!(one.utilization, world.ipam.utilization(&one.pool().meta.id).unwrap());
        let last = one.trend.last().unwrap();
        assert_eq!((&last.used, &last.provisioned), (&one.utilization.used, &one.utilization.provisioned));
    }
    let names: Vec<_> = report.allocations.iter().map(|one| one.meta.name.as_str()).collect();
    assert_eq!(names, ["web", "api", HOSTILE], "the space of prod is in the entry of prod");
    let paths: Vec<_> = report.pools.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["corp", "corp/prod", "six", "sandbox"]);
    let newest = world.ipam.check().unwrap().events;
    assert_eq!(report.events[0].sequence, newest);
    assert_eq!(report.events.last().unwrap().sequence, 1);
}

#[test]
fn the_number_of_snapshots_does_not_grow_with_the_pools() {
    let store = Arc::new(Counting::new(store::open(&StoreUrl::new("memory:")).unwrap()));
    let world = World::over(Arc::clone(&store) as Arc<_>);
    let snapshots = || {
        let before = store.snapshots();
        world.report();
        store.snapshots() - before
    };
    world.pool("first", None, "10.0.0.0/16");
    // One is the overview, the others are the results of discoveries.
    let few = snapshots();
    for number in 1..20 {
        world.pool(&format!("pool-{number}"), None, &format!("10.{number}.0.0/16"));
    }
    assert_eq!(snapshots(), few);
    assert!(few <= 4, "{few}");
}

#[test]
fn a_report_can_be_about_one_scope_or_one_pool() {
    let (world, prod) = world();
    let of_pool = world.ask(&Ask { pool_id: Some(prod.meta.id.clone()), ..Ask::default() }).unwrap();
    assert_eq!(of_pool.pools.len(), 1);
    assert_eq!(of_pool.allocations.len(), 2);
    assert_eq!(of_pool.scopes.len(), 1);
    assert_eq!(of_pool.narrowed_to.as_deref(), Some("pool corp/prod and the pools below it"));
    let about = EventFilter { about: Some([prod.meta.id.clone()].into()), ..EventFilter::default() };
    assert!(of_pool.events.iter().all(|event| about.fits(event)));
    assert_eq!(of_pool.events.len(), 3, "the pool, web and api: {:?}", of_pool.events);
    let lab = world.ipam.find_scope("lab").unwrap().unwrap().meta.id;
    let of_scope = world.ask(&Ask { scope_id: Some(lab), ..Ask::default() }).unwrap();
    assert_eq!(of_scope.pools.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["sandbox"]);
    assert_eq!(of_scope.narrowed_to.as_deref(), Some("scope lab"));
    for ask in [
        Ask { pool_id: Some("ipam-pool-none".to_owned()), ..Ask::default() },
        Ask { scope_id: Some("ipam-scope-none".to_owned()), ..Ask::default() },
    ] {
        assert!(matches!(world.ask(&ask), Err(Error::NotFound { .. })), "{ask:?}");
    }
}

#[test]
fn an_allocation_that_no_longer_keeps_the_rules_is_reported_with_the_reason() {
    let (world, prod) = world();
    let note = "note overlap sandbox 10.0.0.0/16 in scope lab: It overlaps corp 10.0.0.0/8 in scope default-private. \
                Scopes may overlap, but the two networks cannot be connected without address translation.";
    assert_eq!(problems(&world.report()), [note]);
    let required_tags = Tags::from([("env".to_owned(), "prod".to_owned())]);
    world.change_rules(&prod, Rules { min_netmask_length: Some(26), required_tags, ..Rules::default() });
    let why = "It is larger than the pool allows: /26 is the largest (allocation_min_netmask_length). The tag \"env\" is \
               missing, and must be \"prod\" (allocation_resource_tags).";
    let expected = [
        format!("error compliance corp/prod: web 10.0.0.0/24: {why}"),
        format!("error compliance corp/prod: api 10.0.1.0/24: {why}"),
        note.to_owned(),
    ];
    let report = world.report();
    assert_eq!(problems(&report), expected);
    assert_eq!((report.count(Severity::Error), report.count(Severity::Note)), (2, 1));
    let mut web = report.allocations[0].clone();
    web.tags.insert("env".to_owned(), "test".to_owned());
    let mut pool = report.pools[1].pool().clone();
    pool.rules = Rules { max_netmask_length: Some(20), ..pool.rules };
    pool.rules.min_netmask_length = None;
    assert_eq!(
        broken_rules(&web, &pool),
        [
            "It is smaller than the pool allows: /20 is the smallest (allocation_max_netmask_length).",
            "The tag \"env\" is \"test\", and must be \"prod\" (allocation_resource_tags).",
        ]
    );
}

#[test]
fn blocks_that_two_objects_have_are_found() {
    let (world, prod) = world();
    let mut report = world.report();
    // A self-managed store never has overlapping blocks, but a service that only monitors may have them.
    let mut twin = report.allocations[0].clone();
    twin.meta.id = "ipam-pool-alloc-twin".to_owned();
    twin.meta.name = "twin".to_owned();
    twin.cidr = "10.0.0.128/25".parse().unwrap();
    report.allocations.push(twin);
    let mut top = report.pools[0].clone();
    top.utilization.pool.meta.id = "ipam-pool-twin".to_owned();
    top.path = "twin".to_owned();
    top.cidrs = vec!["10.3.0.0/16".parse().unwrap()];
    report.pools.push(top);
    report.problems = super::problems::of(&report, &[], &[]);
    let web = &report.allocations[0].meta.id;
    let said = problems(&report);
    assert_eq!(
        said[..2],
        [
            format!(
                "error overlap corp/prod: twin 10.0.0.128/25: 10.0.0.128/25 overlaps corp/prod: web 10.0.0.0/24 \
                 ({web}) in the same pool."
            ),
            "error overlap twin 10.3.0.0/16 in scope default-private: It overlaps corp 10.0.0.0/8 in scope \
             default-private, in the same scope."
                .to_owned(),
        ],
        "{said:#?} in {}",
        prod.meta.id
    );
}

#[test]
fn a_pool_that_is_full_or_will_be_soon_gets_a_warning() {
    let world = World::new();
    let top = world.pool("top", None, "10.0.0.0/24");
    let divided = world.pool("divided", None, "10.1.0.0/24");
    world.pool("all-of-it", Some(&divided), "10.1.0.0/24");
    for place in 0..12 {
        world.allocate(&top, &format!("n{place}"), &format!("10.0.0.{}/28", place * 16));
        world.wait(1);
    }
    let said = problems(&world.report());
    assert_eq!(said.len(), 1, "a divided pool is meant to be full: {said:?}");
    assert!(said[0].starts_with("warning space top: At this rate, it is full on 2027-01-3"), "{said:?}");
    for place in 12..16 {
        world.allocate(&top, &format!("n{place}"), &format!("10.0.0.{}/28", place * 16));
    }
    assert_eq!(problems(&world.report()), ["warning space top: It is full: no allocation can be made in it."]);
}

#[test]
fn a_report_begins_where_the_history_does() {
    let world = World::new();
    let top = world.pool("top", None, "10.0.0.0/16");
    world.allocate(&top, "web", "10.0.0.0/24");
    let mark = world.ipam.now();
    world.wait(10);
    world.allocate(&top, "db", "10.0.1.0/24");
    let day = Duration::from_hours(24);
    let mode = ForgetMode { keep: day, archive: None, dry_run: false };
    assert_eq!(world.ipam.prune_events(mode, &mut |_, _, _| ()).unwrap().kept, 2);
    world.wait(10);
    let report = world.report();
    assert_eq!((report.since, report.step), (mark, day / 3), "twenty of the thirty days are left");
    let actions: Vec<&str> = report.events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["prune", "create"], "the newest first");
    let trend = &report.pools[0].trend;
    assert_eq!((trend[0].time, &trend[0].used), (mark, &256u16.into()), "the utilization at the mark is known");
    assert_eq!(trend.last().unwrap().used, 512u16.into());
}

#[test]
fn the_time_before_a_pool_had_space_is_not_part_of_its_trend() {
    let world = World::new();
    let top = world.pool("top", None, "10.0.0.0/16");
    world.wait(20);
    world.allocate(&top, "web", "10.0.0.0/24");
    world.wait(10);
    let since = world.ipam.now().checked_sub(Duration::from_hours(60 * 24)).unwrap();
    let report = world.ask(&Ask { since: Some(since), ..Ask::default() }).unwrap();
    assert_eq!(report.step, Duration::from_hours(24));
    let trend = &report.pools[0].trend;
    assert_eq!(trend.len(), 31, "thirty of the sixty days are in the trend");
    assert!(trend[19].used == 0u8.into() && trend[20].used == 256u16.into(), "{trend:?}");
    let recent = world.ask(&Ask { since: Some(world.ipam.now()), ..Ask::default() }).unwrap();
    assert_eq!((recent.events.len(), recent.pools[0].trend.len()), (0, 1));
}

#[test]
fn cells_are_quoted_and_formulas_are_escaped() {
    for (text, expected) in [
        ("web", "web"),
        ("a,b", "\"a,b\""),
        ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""),
        (" padded", "\" padded\""),
        ("=1+2", "'=1+2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("\t=1", "\"'\t=1\""),
        ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
        ("-12.50", "-12.50"),
        ("", ""),
    ] {
        assert_eq!(csv::cell(text), expected, "{text:?}");
    }
}

#[test]
fn tables_have_a_line_for_each_object_and_as_many_cells_as_titles() {
    let (world, _) = world();
    let report = world.report();
    for (text, rows) in [(report.csv_of_allocations(), 3), (report.csv_of_pools(), 4)] {
        assert_eq!(text.matches("\r\n").count(), rows + 1, "{text}");
        let commas = text.lines().next().unwrap().matches(',').count();
        let web = text.lines().nth(1).unwrap();
        assert_eq!(web.matches(',').count(), commas, "{text}");
    }
    let web = &report.allocations[0];
    assert!(report.csv_of_allocations().contains(&format!(
        "default-private,corp/prod,web,10.0.0.0/24,10.0.0.0,10.0.0.255,active,,network,custom,,,,{},{},2027-01-15T08:00:00Z",
        web.meta.id, web.pool_id
    )));
    assert!(
        report
            .csv_of_pools()
            .contains("default-private,corp/prod,10.0.0.0/20,ipv4,,active,network,4096,256,256,3584,10.0.8.0/21,1,")
    );
}

#[test]
fn free_text_stays_text_in_markdown() {
    assert_eq!(
        markdown::plain("a|b\n*c* `d` <e> [f](g) & \\"),
        "a\\|b \\*c\\* \\`d\\` &lt;e&gt; \\[f\\](g) &amp; \\\\"
    );
    let (world, _) = world();
    let text = world.report().markdown();
    assert!(!text.contains("<img") && !text.contains("<script"), "{text}");
    for title in ["# IPAM report", "## Problems", "## Pools", "## Allocations", "## Recent events"] {
        assert!(text.lines().any(|line| line == title), "{title}: {text}");
    }
    assert!(text.contains("| corp/prod | web | 10.0.0.0/24 | active | custom | network |  |  |"), "{text}");
}

#[test]
fn json_has_the_same_data_and_its_fields_are_stable() {
    let (world, _) = world();
    let answer: Value = serde_json::from_str(&world.report().json()).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        names(&answer),
        "allocations events generated_at narrowed_to oldest_sample pools problems program public_addresses resources \
         scopes since store"
    );
    assert_eq!(
        names(&answer["pools"][0]),
        "address_family allocations cidrs description forecast free held id largest_free locale name owner path \
         provisioned rules scope_id source_pool_id state tags trend used"
    );
    assert_eq!(
        names(&answer["allocations"][0]),
        "cidr created_at description hold_expires_at id name owner pool pool_id resource_id resource_type state tags"
    );
    assert_eq!(names(&answer["problems"][0]), "name place severity topic what");
    assert_eq!(names(&answer["events"][0]), "action actor cidrs id kind name sequence time");
    assert_eq!(answer["pools"][2]["provisioned"], (1u128 << 96).to_string());
}

/// The text between `start` and the next `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn no_name_breaks_out_of_the_page() {
    let (world, _) = world();
    let page = world.report().html();
    assert_eq!(page.matches("</script>").count(), 2, "the data and the script end once each");
    assert!(!page.contains("<img"), "no name is inserted as mark-up");
    let data: Value = serde_json::from_str(between(&page, "id=\"data\">", "</script>")).unwrap();
    assert_eq!(data["allocations"][2][1], HOSTILE, "the data has the name unchanged");
    assert!(!page.contains("{{"), "every placeholder of the template is filled");
}

#[test]
fn the_page_allows_only_its_own_script() {
    let (world, _) = world();
    let page = world.report().html();
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("connect-src") && !policy.contains("http"), "{policy}");
    let script = page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "import("] {
        assert!(!script.contains(sink), "{sink}");
    }
    let markup = page.replace(script, "");
    let markup = markup.split_once("<body>").unwrap().1.split_once("<script").unwrap().0;
    let is_handler = |rest: &str| rest.trim_start_matches(|letter: char| letter.is_ascii_lowercase()).starts_with('=');
    assert!(!markup.split(" on").skip(1).any(is_handler), "there are no handlers in the mark-up: {markup}");
    assert!(!markup.contains("src=") && !markup.contains("http"), "{markup}");
}
