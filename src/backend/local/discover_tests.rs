//! Tests of scans, with a scout that reports what a test prepares.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;

use super::*;
use crate::backend::observation::{DiscoveredAccount, Observation, SeenType};
use crate::backend::prelude::*;
use crate::backend::scout::Scout;
use crate::backend::service::{DiscoveryNoun, DiscoverySpec, Keeps};
use crate::backend::{Local, Surroundings};
use crate::ipam::{Actor, Tags};
use crate::store::{self, StoreUrl};

/// The state of the accounts: a VPC in each Region, or the reason why the Region cannot be scanned.
#[derive(Default)]
struct World {
    failing: Mutex<Vec<&'static str>>,
    scans: AtomicUsize,
    is_locked_out: std::sync::atomic::AtomicBool,
}

impl Scout for World {
    fn scan(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()> {
        self.scans.fetch_add(1, Ordering::SeqCst);
        if self.is_locked_out.load(Ordering::SeqCst) {
            return Err(not_built_in());
        }
        found(Step::Targets(survey.operating_regions.len()))?;
        for region in &survey.operating_regions {
            let is_failing = self.failing.lock().unwrap().contains(&region.as_str());
            let refused = Failure { code: FailureCode::AssumeRole, message: Some("No.".to_owned()) };
            let outcome = if is_failing { Err(refused) } else { Ok(vpc(region)) };
            found(Step::Done(Sample {
                account_id: "111122223333".to_owned(),
                region: region.clone(),
                taken_at: Timestamp::now(),
                outcome,
            }))?;
        }
        Ok(())
    }
}

fn vpc(region: &str) -> Sighting {
    let resource = DiscoveredCidr {
        region: region.to_owned(),
        resource_id: format!("vpc-{region}"),
        resource_type: SeenType::Vpc,
        owner_id: Some("111122223333".to_owned()),
        cidr: "10.0.0.0/16".parse().ok(),
        ip_source: None,
        tags: Tags::new(),
        usage: None,
        vpc_id: Some(format!("vpc-{region}")),
        subnet_id: None,
        attachment: None,
        instance_id: None,
        availability_zone_id: None,
        sampled_at: None,
    };
    Sighting { resources: vec![resource], addresses: Vec::new() }
}

struct Scene {
    world: std::sync::Arc<World>,
    store: std::sync::Arc<dyn store::Store>,
    local: Local,
    id: String,
}

impl Scene {
    fn new(regions: &[&str]) -> Self {
        let world = std::sync::Arc::new(World::default());
        let store = store::open(&StoreUrl::new("memory:")).unwrap();
        let scout: std::sync::Arc<dyn Scout> = std::sync::Arc::<World>::clone(&world);
        let local = Local::over(store.clone(), Actor::default(), Surroundings::default()).with_scout(Some(scout));
        let id = Keeps::<DiscoveryNoun>::create(&local, &spec(regions)).unwrap().id;
        Self { world, store, local, id }
    }

    fn discover(&self) -> Scans {
        self.local.discover(None, &mut |_, _| ()).unwrap()
    }

    fn scans(&self) -> usize {
        self.world.scans.load(Ordering::SeqCst)
    }

    /// Regions with sightings.
    fn seen(&self) -> Vec<String> {
        let seen = self.local.discovered_resource_cidrs(&DiscoveryFilter::default()).unwrap();
        seen.items.into_iter().map(|one| one.region).collect()
    }

    fn freshen(&self, age: SignedDuration) -> Result<Vec<DiscoveredAccount>> {
        self.local.freshen(Some(&DiscoveryFilter::default()), Timestamp::now() - age)
    }
}

fn spec(regions: &[&str]) -> DiscoverySpec {
    let operating_regions = regions.iter().map(|region| (*region).to_owned()).collect();
    DiscoverySpec {
        name: Some("all".to_owned()),
        description: None,
        survey: Survey { operating_regions, ..Survey::default() },
        exclusions: BTreeSet::new(),
        tags: Tags::new(),
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn a_target_that_fails_does_not_stop_others_and_its_sightings_stay() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    assert!(scene.discover().is_complete());
    *scene.world.failing.lock().unwrap() = vec!["eu-west-1"];
    let scans = scene.discover();
    let failed: Vec<_> = scans.discoveries[0].targets.iter().map(|target| target.outcome.is_err()).collect();
    assert_eq!((failed, scans.is_complete()), (vec![true, false], false));
    assert_eq!(scene.seen(), ["eu-west-1", "us-east-1"]);
}

#[test]
fn only_a_complete_scan_forgets_a_region_that_is_no_longer_covered() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    scene.discover();
    Keeps::<DiscoveryNoun>::update(&scene.local, &scene.id, &spec(&[]), &spec(&["us-east-1"])).unwrap();
    scene.world.is_locked_out.store(true, Ordering::SeqCst);
    let scans = scene.discover();
    assert!(scans.discoveries[0].trouble.is_some() && scans.discoveries[0].forgotten.is_empty());
    assert_eq!(scene.seen().len(), 2, "targets that were not scanned keep their sightings");
    scene.world.is_locked_out.store(false, Ordering::SeqCst);
    assert_eq!(scene.discover().discoveries[0].forgotten, [("111122223333".to_owned(), "eu-west-1".to_owned())]);
    assert_eq!(scene.seen(), ["us-east-1"]);
}

#[test]
fn only_old_results_or_a_changed_discovery_cause_another_scan() {
    let scene = Scene::new(&["us-east-1"]);
    assert_eq!(scene.freshen(HOUR).unwrap(), []);
    assert_eq!(scene.scans(), 1, "there was no result");
    assert_eq!(scene.freshen(HOUR).unwrap(), []);
    assert_eq!(scene.scans(), 1, "the result is recent enough");
    // Another process does not share the earlier scan.
    let again = Scene { local: reopened(&scene), ..scene };
    Keeps::<DiscoveryNoun>::update(&again.local, &again.id, &spec(&[]), &spec(&["us-east-1", "eu-west-1"])).unwrap();
    again.freshen(HOUR).unwrap();
    assert_eq!((again.scans(), again.seen().len()), (2, 2));
}

fn reopened(scene: &Scene) -> Local {
    let scout: std::sync::Arc<dyn Scout> = std::sync::Arc::<World>::clone(&scene.world);
    Local::over(scene.store.clone(), Actor::default(), Surroundings::default()).with_scout(Some(scout))
}

#[test]
fn data_sources_of_one_plan_share_a_scan_and_all_get_its_failures() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    *scene.world.failing.lock().unwrap() = vec!["eu-west-1"];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.freshen(SignedDuration::ZERO).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(scene.scans(), 1);
    for stale in answers {
        let targets: Vec<_> = stale.iter().map(|target| (target.region.as_str(), target.failure.is_some())).collect();
        assert_eq!(targets, [("eu-west-1", true)]);
    }
    assert_eq!(scene.seen(), ["us-east-1"]);
}

#[test]
fn every_scan_without_credentials_reports_that_they_are_missing() {
    let scene = Scene::new(&["us-east-1"]);
    scene.world.is_locked_out.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(matches!(scene.freshen(HOUR), Err(Error::Service(_))));
    }
    let bare = Local::over(scene.store.clone(), Actor::default(), Surroundings::default());
    let scans = bare.discover(None, &mut |_, _| ()).unwrap();
    assert!(matches!(scans.discoveries[0].trouble, Some(Error::Service(_))), "a build without AWS reports that");
}

#[test]
fn files_about_one_target_are_one_sample_and_a_broken_file_affects_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let head = "account,region,resource_id,resource_type,cidr\n";
    let files = [
        file("a.csv", &format!("{head}dc,fra,a,other,10.0.0.0/16\n")),
        file("b.csv", &format!("{head}dc,fra,b,other,10.1.0.0/16\n")),
        file("c.csv", &format!("{head}dc,fra,c,other,10.2.0.1/16\n")),
    ];
    let survey = Survey { files: files.into(), ..Survey::default() };
    let FileSamples { samples, is_whole, .. } = of_files(&survey, &Below::new([directory.path()]), Timestamp::now());
    let told: Vec<_> = samples
        .iter()
        .map(|(one, _)| (one.account_id.as_str(), one.outcome.as_ref().map(|seen| seen.resources.len()).ok()))
        .collect();
    assert_eq!((told, is_whole), (vec![("c", None), ("dc", Some(2))], false));
}

/// A discovery of files in a directory.
struct Desk {
    directory: tempfile::TempDir,
    store: std::sync::Arc<dyn store::Store>,
}

impl Desk {
    fn new(files: &[&str]) -> Self {
        let desk =
            Self { directory: tempfile::tempdir().unwrap(), store: store::open(&StoreUrl::new("memory:")).unwrap() };
        let files = files.iter().map(|name| desk.path(name)).collect();
        let wanted = DiscoverySpec { survey: Survey { files, ..Survey::default() }, ..spec(&[]) };
        Keeps::<DiscoveryNoun>::create(&desk.who_reads(None), &wanted).unwrap();
        desk
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Writes lines of `account,region,resource_id,cidr`.
    fn write(&self, name: &str, lines: &[&str]) {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("account,region,resource_id,cidr\n{}\n", lines.join("\n"))).unwrap();
    }

    /// A process whose user allows reading files below this directory.
    fn who_reads(&self, below: Option<&str>) -> Local {
        let below = below.map(|below| self.path(below));
        let local = Local::over(self.store.clone(), Actor::default(), Surroundings::default());
        local.with_files_below(Below::new(below))
    }

    /// Resources with sightings.
    fn known(&self) -> Vec<String> {
        let seen = self.who_reads(None).discovered_resource_cidrs(&DiscoveryFilter::default()).unwrap();
        seen.items.into_iter().map(|one| one.resource_id).collect()
    }
}

/// For each target `account region`, whether it failed, and whether the result is kept.
fn targets(scans: &Scans) -> Vec<(String, bool, bool)> {
    let target = |one: &TargetScan| (format!("{} {}", one.account_id, one.region), one.outcome.is_err(), one.is_kept);
    scans.discoveries.iter().flat_map(|scan| &scan.targets).map(target).collect()
}

#[test]
fn a_file_that_a_process_may_not_read_is_reported_there_and_kept_nowhere() {
    let desk = Desk::new(&["a/near.csv", "b/far.csv"]);
    desk.write("a/near.csv", &["hq,cgn,near,10.0.0.0/16"]);
    desk.write("b/far.csv", &["dc,fra,far,10.1.0.0/16"]);
    let scans = desk.who_reads(Some("a")).discover(None, &mut |_, _| ()).unwrap();
    assert!(!scans.is_complete());
    assert_eq!(targets(&scans), [("far none".to_owned(), true, false), ("hq cgn".to_owned(), false, true)]);
    assert_eq!(desk.known(), ["near"]);
    let kept = desk.who_reads(None).discovered_accounts(&DiscoveryFilter::default()).unwrap().items;
    assert_eq!(kept.iter().map(|one| one.account_id.as_str()).collect::<Vec<_>>(), ["hq"]);
    // All data sources of a plan get the failure, and it does not affect the next process.
    let planner = desk.who_reads(Some("a"));
    for _ in 0..2 {
        let stale = planner.freshen(None, Timestamp::now()).unwrap();
        assert_eq!(stale.iter().map(|one| one.account_id.as_str()).collect::<Vec<_>>(), ["far"]);
    }
    let stale = planner.freshen(
        Some(&DiscoveryFilter { region: Some("fra".to_owned()), ..DiscoveryFilter::default() }),
        Timestamp::now(),
    );
    assert_eq!(stale.unwrap().len(), 1, "the file may have resources of any Region");
    desk.who_reads(Some(".")).discover(None, &mut |_, _| ()).unwrap();
    assert_eq!(desk.known(), ["near", "far"]);
    assert_eq!(
        desk.who_reads(None).freshen(None, Timestamp::now() - HOUR).unwrap(),
        [],
        "what is known is fresh enough"
    );
}

#[test]
fn sightings_that_may_be_in_a_file_that_was_not_read_are_not_gone() {
    let desk = Desk::new(&["a/near.csv", "b/far.csv"]);
    desk.write("a/near.csv", &["dc,fra,near,10.0.0.0/16", "hq,cgn,desk,10.2.0.0/16"]);
    desk.write("b/far.csv", &["dc,fra,far,10.1.0.0/16"]);
    assert!(desk.who_reads(Some(".")).discover(None, &mut |_, _| ()).unwrap().is_complete());
    for is_wrong in [false, true] {
        if is_wrong {
            desk.write("b/far.csv", &["dc,fra,far,ten"]);
        }
        desk.write("a/near.csv", &["hq,cgn,desk,10.2.0.0/16", "hq,cgn,chair,10.3.0.0/16"]);
        let scans = desk.who_reads(Some(if is_wrong { "." } else { "a" })).discover(None, &mut |_, _| ()).unwrap();
        assert!(!scans.is_complete());
        assert_eq!(desk.known(), ["near", "far", "desk", "chair"]);
        desk.write("a/near.csv", &["dc,fra,other,10.4.0.0/16", "hq,cgn,desk,10.2.0.0/16", "hq,cgn,chair,10.3.0.0/16"]);
        let scans = desk.who_reads(Some(if is_wrong { "." } else { "a" })).discover(None, &mut |_, _| ()).unwrap();
        assert!(targets(&scans).contains(&("dc fra".to_owned(), true, true)), "{scans:?}");
        assert_eq!(desk.known(), ["near", "far", "desk", "chair"]);
    }
    desk.write("b/far.csv", &[]);
    assert!(desk.who_reads(Some(".")).discover(None, &mut |_, _| ()).unwrap().is_complete());
    assert_eq!(desk.known(), ["desk", "chair", "other"]);
}

impl Desk {
    /// Creates a pool that imports the sightings of a Region.
    fn imports(&self, name: &str, region: &str, block: &str) {
        let pool = crate::ipam::testing::top(name, &[block]);
        let special = crate::ipam::Special { auto_import: true, ..crate::ipam::Special::default() };
        let pool = crate::ipam::PoolSpec { locale: Some(region.to_owned()), special, ..pool };
        self.who_reads(None).create_pool(&pool, &crate::ipam::Planned::Unknown).unwrap();
    }

    /// The numbers of allocations that a scan imported and released, and the targets that it covered.
    fn scans(&self) -> (usize, usize, Vec<String>) {
        let scans = self.who_reads(Some(".")).discover(None, &mut |_, _| ()).unwrap();
        assert!(scans.is_complete(), "{scans:?}");
        let reconciled = &scans.reconciled;
        let seen = targets(&scans).into_iter().map(|(target, ..)| target).collect();
        (reconciled.imported.len(), reconciled.released.len(), seen)
    }
}

#[test]
fn an_imported_allocation_goes_with_the_last_row_of_its_region() {
    let desk = Desk::new(&["net.csv"]);
    desk.imports("eu", "eu", "10.0.0.0/12");
    desk.imports("us", "us", "10.16.0.0/12");
    let write = |lines: &str| {
        let text = format!("account,region,resource_id,cidr,resource_type\n{lines}");
        std::fs::write(desk.path("net.csv"), text).unwrap();
    };
    write("net,eu,a,10.1.0.0/16,vpc\nnet,us,c,10.17.0.0/16,vpc\n");
    let both = || vec!["net eu".to_owned(), "net us".to_owned()];
    assert_eq!(desk.scans(), (2, 0, both()));
    write("net,eu,a,10.1.0.0/16,vpc\n");
    assert_eq!(desk.scans(), (0, 1, both()), "the row is gone, and so is its allocation");
    assert_eq!(desk.scans(), (0, 0, vec!["net eu".to_owned()]), "no file names the target any more");
    // The allocation does not stay either when the file is empty, which makes it an empty file of the account of its
    // name.
    write("");
    assert_eq!(desk.scans(), (0, 1, both()[..1].iter().cloned().chain(["net none".to_owned()]).collect::<Vec<_>>()));
}

#[test]
fn an_imported_allocation_stays_when_its_file_is_not_named_any_more() {
    let desk = Desk::new(&["net.csv", "other.csv"]);
    desk.imports("eu", "eu", "10.0.0.0/12");
    desk.write("other.csv", &[]);
    let text = "account,region,resource_id,cidr,resource_type\nnet,eu,a,10.1.0.0/16,vpc\n";
    std::fs::write(desk.path("net.csv"), text).unwrap();
    assert_eq!(desk.scans().0, 1);
    let local = desk.who_reads(None);
    let id = local.read(|reader| reader.list_discoveries()).unwrap().remove(0).meta.id;
    let wanted = |files: &[&str]| DiscoverySpec {
        survey: Survey { files: files.iter().map(|name| desk.path(name)).collect(), ..Survey::default() },
        ..spec(&[])
    };
    let (before, after) = (wanted(&["net.csv", "other.csv"]), wanted(&["other.csv"]));
    Keeps::<DiscoveryNoun>::update(&local, &id, &before, &after).unwrap();
    assert_eq!(desk.scans(), (0, 0, vec!["other none".to_owned()]));
}

#[test]
fn of_two_files_of_one_name_the_one_that_was_read_does_not_hide_the_other() {
    let desk = Desk::new(&["a/list.csv", "b/list.csv"]);
    desk.write("a/list.csv", &[",,near,10.0.0.0/16"]);
    desk.write("b/list.csv", &[",,far,10.1.0.0/16"]);
    assert!(desk.who_reads(Some(".")).discover(None, &mut |_, _| ()).unwrap().is_complete());
    let scans = desk.who_reads(Some("a")).discover(None, &mut |_, _| ()).unwrap();
    assert_eq!(targets(&scans), [("list none".to_owned(), true, false)]);
    assert_eq!(desk.known(), ["near", "far"]);
}

#[test]
fn a_scan_needs_a_discovery_and_the_named_one_must_exist() {
    let scene = Scene::new(&["us-east-1"]);
    let named = scene.local.discover(Some("all"), &mut |_, _| ()).unwrap();
    assert_eq!(named.discoveries.len(), 1);
    assert!(matches!(scene.local.discover(Some("other"), &mut |_, _| ()), Err(Error::NotFound { .. })));
    let empty = Local::open("memory:", None, Actor::default()).unwrap();
    assert_eq!(empty.discover(None, &mut |_, _| ()).unwrap_err(), Error::NoDiscovery);
}
