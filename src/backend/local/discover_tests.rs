//! Looking, with somebody who sees what a test says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;

use super::*;
use crate::backend::observation::{DiscoveredCidr, Observation, SeenType};
use crate::backend::scout::Scout;
use crate::backend::service::{DiscoveryNoun, DiscoverySpec, Keeps};
use crate::backend::{Local, Surroundings};
use crate::ipam::seen::Survey;
use crate::ipam::{Actor, Tags};
use crate::store::{self, StoreUrl};

/// What is there: a VPC in each Region, or why it cannot be seen.
#[derive(Default)]
struct World {
    failing: Mutex<Vec<&'static str>>,
    looks: AtomicUsize,
    is_locked_out: std::sync::atomic::AtomicBool,
}

impl Scout for World {
    fn look(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        if self.is_locked_out.load(Ordering::SeqCst) {
            return Err(not_built_in());
        }
        found(Step::Places(survey.operating_regions.len()))?;
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

    fn discover(&self) -> Looked {
        self.local.discover(None, &mut |_, _| ()).unwrap()
    }

    fn looks(&self) -> usize {
        self.world.looks.load(Ordering::SeqCst)
    }

    /// Regions of which something is known.
    fn seen(&self) -> Vec<String> {
        let seen = self.local.discovered_resource_cidrs(&Spot::default()).unwrap();
        seen.items.into_iter().map(|one| one.region).collect()
    }

    fn freshen(&self, age: SignedDuration) -> Result<Vec<DiscoveredAccount>> {
        self.local.freshen(Some(&Spot::default()), Timestamp::now() - age)
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
fn a_place_that_fails_does_not_stop_others_and_what_was_known_of_it_stays() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    assert!(scene.discover().is_complete());
    *scene.world.failing.lock().unwrap() = vec!["eu-west-1"];
    let looked = scene.discover();
    let failed: Vec<_> = looked.discoveries[0].places.iter().map(|place| place.outcome.is_err()).collect();
    assert_eq!((failed, looked.is_complete()), (vec![true, false], false));
    assert_eq!(scene.seen(), ["eu-west-1", "us-east-1"]);
}

#[test]
fn a_region_that_is_looked_at_no_more_is_forgotten_by_a_whole_look_only() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    scene.discover();
    Keeps::<DiscoveryNoun>::update(&scene.local, &scene.id, &spec(&[]), &spec(&["us-east-1"])).unwrap();
    scene.world.is_locked_out.store(true, Ordering::SeqCst);
    let looked = scene.discover();
    assert!(looked.discoveries[0].trouble.is_some() && looked.discoveries[0].forgotten.is_empty());
    assert_eq!(scene.seen().len(), 2, "nothing can be told of what was not looked at");
    scene.world.is_locked_out.store(false, Ordering::SeqCst);
    assert_eq!(scene.discover().discoveries[0].forgotten, [("111122223333".to_owned(), "eu-west-1".to_owned())]);
    assert_eq!(scene.seen(), ["us-east-1"]);
}

#[test]
fn only_what_is_too_old_is_looked_at_again_and_a_changed_discovery_at_once() {
    let scene = Scene::new(&["us-east-1"]);
    assert_eq!(scene.freshen(HOUR).unwrap(), []);
    assert_eq!(scene.looks(), 1, "nothing was there");
    assert_eq!(scene.freshen(HOUR).unwrap(), []);
    assert_eq!(scene.looks(), 1, "it is fresh enough");
    // Another process has nothing to share a look with.
    let again = Scene { local: reopened(&scene), ..scene };
    Keeps::<DiscoveryNoun>::update(&again.local, &again.id, &spec(&[]), &spec(&["us-east-1", "eu-west-1"])).unwrap();
    again.freshen(HOUR).unwrap();
    assert_eq!((again.looks(), again.seen().len()), (2, 2));
}

fn reopened(scene: &Scene) -> Local {
    let scout: std::sync::Arc<dyn Scout> = std::sync::Arc::<World>::clone(&scene.world);
    Local::over(scene.store.clone(), Actor::default(), Surroundings::default()).with_scout(Some(scout))
}

#[test]
fn data_sources_of_one_plan_share_a_look_and_all_are_told_of_its_failures() {
    let scene = Scene::new(&["eu-west-1", "us-east-1"]);
    *scene.world.failing.lock().unwrap() = vec!["eu-west-1"];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.freshen(SignedDuration::ZERO).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(scene.looks(), 1);
    for stale in answers {
        let places: Vec<_> = stale.iter().map(|place| (place.region.as_str(), place.failure.is_some())).collect();
        assert_eq!(places, [("eu-west-1", true)]);
    }
    assert_eq!(scene.seen(), ["us-east-1"]);
}

#[test]
fn who_has_no_identity_is_told_so_each_time() {
    let scene = Scene::new(&["us-east-1"]);
    scene.world.is_locked_out.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(matches!(scene.freshen(HOUR), Err(Error::Service(_))));
    }
    let bare = Local::over(scene.store.clone(), Actor::default(), Surroundings::default());
    let looked = bare.discover(None, &mut |_, _| ()).unwrap();
    assert!(matches!(looked.discoveries[0].trouble, Some(Error::Service(_))), "a build without AWS says so");
}

#[test]
fn files_about_one_place_are_one_sample_and_a_broken_one_spoils_no_other() {
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
    let (samples, is_whole) = of_files(&files.into(), Timestamp::now());
    let told: Vec<_> = samples
        .iter()
        .map(|one| (one.account_id.as_str(), one.outcome.as_ref().map(|seen| seen.resources.len()).ok()))
        .collect();
    assert_eq!((told, is_whole), (vec![("c", None), ("dc", Some(2))], false));
}

#[test]
fn there_must_be_a_discovery_and_the_one_that_is_named() {
    let scene = Scene::new(&["us-east-1"]);
    let named = scene.local.discover(Some("all"), &mut |_, _| ()).unwrap();
    assert_eq!(named.discoveries.len(), 1);
    assert!(matches!(scene.local.discover(Some("other"), &mut |_, _| ()), Err(Error::NotFound { .. })));
    let empty = Local::open("memory:", Actor::default()).unwrap();
    assert_eq!(empty.discover(None, &mut |_, _| ()).unwrap_err(), Error::NoDiscovery);
}
