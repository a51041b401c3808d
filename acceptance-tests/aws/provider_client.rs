//! The provider's own client against the endpoint: every request that the core resources need.

use std::collections::BTreeSet;
use std::time::Duration;

use terraform_provider_ipam::aws::{AwsIpam, Keys, Pace, Settings};
use terraform_provider_ipam::backend::prelude::*;
use terraform_provider_ipam::ipam::{
    Allocation, AllocationChange, AllocationFilter, AllocationSpec, Cidr, Error, Family, Kind, OverviewQuery, Planned,
    Pool, PoolChange, PoolChoice, PoolCidrSpec, PoolFilter, PoolOverview, PoolSpec, Provision, Resize, Result, Rules,
    ScopeChange, ScopeChoice, ScopeSpec, ScopeType, Size, Special, Strategy, Tags, Terms,
};

use super::endpoint::{Endpoint, Script};
use super::scene::{ACCOUNT, AWAY, HOME, Scene};

/// Short waits: no change here takes longer than a few reads.
const PACE: Pace = Pace {
    slice: Duration::from_secs(5),
    first: Duration::from_millis(5),
    longest: Duration::from_millis(20),
    read_lag: Duration::from_secs(5),
};

pub(crate) fn settings(endpoint: &Endpoint, account: &str, region: &str) -> Settings {
    let credentials = endpoint.credentials(account);
    Settings {
        region: Some(region.to_owned()),
        keys: Some(Keys { access_key: credentials.access_key, secret_key: credentials.secret_key, token: None }),
        ec2_endpoint: Some(endpoint.url()),
        ..Settings::default()
    }
}

pub(crate) fn as_account(scene: &Scene, account: &str) -> AwsIpam {
    AwsIpam::open(&settings(&scene.endpoint, account, HOME), PACE).unwrap()
}

pub(crate) fn client_of(scene: &Scene) -> AwsIpam {
    as_account(scene, ACCOUNT)
}

/// A client that does not wait: a change that is not complete at once is pending.
pub(crate) fn impatient(scene: &Scene) -> AwsIpam {
    let pace = Pace { slice: Duration::ZERO, ..PACE };
    AwsIpam::open(&settings(&scene.endpoint, ACCOUNT, HOME), pace).unwrap()
}

pub(crate) fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

pub(crate) fn cidrs(texts: &[&str]) -> BTreeSet<Cidr> {
    texts.iter().map(|text| cidr(text)).collect()
}

pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn pool_spec(name: &str, source: Option<&Pool>, provision: Provision) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        scope_id: None,
        source_pool_id: source.map(|source| source.meta.id.clone()),
        address_family: Some(Family::Ipv4),
        locale: source.map(|_| HOME.to_owned()),
        description: None,
        rules: Rules::default(),
        strategy: Strategy::default(),
        tags: Tags::new(),
        provision,
        special: Special::default(),
    }
}

pub(crate) fn change_of(pool: &Pool) -> PoolChange {
    PoolChange {
        name: pool.meta.name.clone(),
        description: pool.description.clone(),
        rules: pool.rules.clone(),
        strategy: pool.strategy,
        tags: pool.tags.clone(),
        provision: pool.provision.clone(),
        auto_import: false,
        locale: None,
    }
}

pub(crate) fn allocation_spec(pool: &Pool, name: &str, size: Size) -> AllocationSpec {
    AllocationSpec::new(pool.meta.id.clone(), name, size)
}

pub(crate) fn allocate(ipam: &dyn Ipam, pool: &Pool, name: &str, length: u8) -> Result<Allocation> {
    ipam.create_allocation(&allocation_spec(pool, name, Size::NetmaskLength(length)), &Planned::Unknown)
}

/// A pool with 10.0.0.0/8, and one in it with a /16 in the home Region.
pub(crate) fn tree(ipam: &dyn Ipam) -> (Pool, Pool) {
    let top = pool_spec("top", None, Provision::Cidrs(cidrs(&["10.0.0.0/8"])));
    let top = ipam.create_pool(&top, &Planned::Unknown).unwrap();
    let leaf = pool_spec("leaf", Some(&top), Provision::NetmaskLength(16));
    let leaf = ipam.create_pool(&leaf, &Planned::Unknown).unwrap();
    (top, leaf)
}

pub(crate) fn terms() -> Terms {
    Terms { hold: Duration::ZERO, ..Terms::default() }
}

/// Number of calls of an action, without previews.
pub(crate) fn asked(scene: &Scene, action: &str) -> usize {
    scene.endpoint.calls().iter().filter(|call| call.action == action).count()
}

#[test]
fn everything_is_created_read_and_deleted_while_aws_takes_its_time() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    assert_eq!((top.cidrs.clone(), top.depth, top.locale.clone()), (cidrs(&["10.0.0.0/8"]), 1, None));
    assert_eq!((leaf.cidrs.clone(), leaf.depth), (cidrs(&["10.0.0.0/16"]), 2));
    assert_eq!((leaf.scope_id.as_str(), leaf.meta.owner.as_str()), (scene.scope.as_str(), ACCOUNT));
    assert_eq!(ipam.get_pool(&leaf.meta.id).unwrap(), Some(leaf.clone()));
    let mut spec = allocation_spec(&leaf, "web", Size::NetmaskLength(24));
    (spec.description, spec.tags) = (Some("the web".to_owned()), tags(&[("team", "net")]));
    let web = ipam.create_allocation(&spec, &Planned::Unknown).unwrap();
    let read = ipam.get_allocation(&web.meta.id).unwrap().unwrap();
    assert_eq!((read.cidr, read.description.as_deref()), (cidr("10.0.0.0/24"), Some("the web")));
    assert_eq!((read.meta.name.as_str(), &read.tags, &read.meta), ("web", &spec.tags, &web.meta));
    let own = web.meta.id.split('_').next().unwrap();
    assert_eq!(ipam.get_allocation(own).unwrap().unwrap().meta.id, web.meta.id, "found by AWS's id alone");
    assert_eq!(ipam.find_allocation(&leaf.meta.id, "web").unwrap().unwrap().meta.id, web.meta.id);
    let refused = ipam.delete_pool(&leaf.meta.id, false).unwrap_err();
    assert!(matches!(&refused, Error::InUse { contents, .. } if contents[0].id == web.meta.id), "{refused:?}");
    ipam.delete_allocation(&web.meta.id).unwrap();
    assert_eq!(ipam.get_allocation(&web.meta.id).unwrap(), None);
    ipam.delete_allocation(&web.meta.id).unwrap();
    for pool in [&leaf, &top] {
        ipam.delete_pool(&pool.meta.id, false).unwrap();
        assert_eq!(ipam.get_pool(&pool.meta.id).unwrap(), None);
        ipam.delete_pool(&pool.meta.id, false).unwrap();
    }
    scene.is_sound();
}

#[test]
fn scopes_are_made_changed_and_deleted() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let ipam = client_of(&scene);
    let names = |ipam: &AwsIpam| -> BTreeSet<String> {
        ipam.list_scopes(false).unwrap().into_iter().map(|scope| scope.meta.name).collect()
    };
    assert_eq!(names(&ipam), BTreeSet::from(["default-private".to_owned(), "default-public".to_owned()]));
    let mut spec = ScopeSpec {
        name: "lab".to_owned(),
        scope_type: ScopeType::Private,
        description: Some("a lab".to_owned()),
        tags: tags(&[("team", "net")]),
        ipam_id: None,
    };
    let lab = ipam.create_scope(&spec, &Planned::Unknown).unwrap();
    let error = ipam.create_scope(&spec, &Planned::Unknown).unwrap_err();
    assert!(matches!(&error, Error::NameTaken { existing, .. } if existing.id == lab.meta.id), "{error:?}");
    spec.scope_type = ScopeType::Public;
    assert!(matches!(ipam.create_scope(&spec, &Planned::Unknown), Err(Error::Unsupported { .. })));
    let change = ScopeChange { name: "den".to_owned(), description: None, tags: tags(&[("team", "lab")]) };
    ipam.update_scope(&lab.meta.id, &change).unwrap();
    let den = ipam.find_scope("den").unwrap().unwrap();
    assert_eq!((den.meta.id, den.description, den.tags), (lab.meta.id.clone(), None, change.tags));
    ipam.delete_scope(&lab.meta.id).unwrap();
    assert_eq!(ipam.get_scope(&lab.meta.id).unwrap(), None);
    let default = ipam.delete_scope(&scene.scope).unwrap_err();
    assert!(matches!(default, Error::DefaultScope { .. }), "{default:?}");
    scene.is_sound();
}

#[test]
fn a_name_is_unique_in_its_parent_and_the_error_has_the_import_command() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    let again = ipam.create_pool(&pool_spec("leaf", Some(&top), Provision::Nothing), &Planned::Unknown).unwrap_err();
    assert!(matches!(&again, Error::NameTaken { existing, .. } if existing.id == leaf.meta.id), "{again:?}");
    ipam.create_pool(&pool_spec("leaf", Some(&leaf), Provision::Nothing), &Planned::Unknown).unwrap();
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    let again = allocate(&ipam, &leaf, "web", 24).unwrap_err();
    let words = terraform_provider_ipam::backend::explain(&again).detail;
    assert!(words.contains(&format!("terraform import ipam_allocation.NAME {}", web.meta.id)), "{words}");
    let other = allocate(&ipam, &leaf, "db", 24).unwrap();
    let change = AllocationChange {
        name: "web".to_owned(),
        description: None,
        tags: Tags::new(),
        disallowed_cidrs: BTreeSet::new(),
        size: other.size,
        lifetime: other.lifetime,
    };
    let taken = ipam.update_allocation(&other.meta.id, &change).unwrap_err();
    assert!(matches!(taken, Error::NameTaken { .. }), "{taken:?}");
    scene.is_sound();
}

#[test]
fn a_pools_own_blocks_come_and_go_and_those_of_others_stay() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let ipam = client_of(&scene);
    let top = pool_spec("top", None, Provision::Cidrs(cidrs(&["10.0.0.0/16", "10.1.0.0/16"])));
    let top = ipam.create_pool(&top, &Planned::Unknown).unwrap();
    let size = Size::Cidr(cidr("10.9.0.0/16"));
    let by_itself = PoolCidrSpec { pool_id: top.meta.id.clone(), name: None, size, proof: None };
    let by_itself = ipam.create_pool_cidr(&by_itself, &Planned::Unknown).unwrap();
    let mut change = change_of(&top);
    change.provision = Provision::Cidrs(cidrs(&["10.1.0.0/16", "10.2.0.0/16"]));
    let foreseen = ipam.preview_pool_change(&top.meta.id, &change, &terms()).unwrap().unwrap();
    assert_eq!(foreseen.cidrs, cidrs(&["10.1.0.0/16", "10.2.0.0/16"]));
    assert_eq!(ipam.update_pool(&top.meta.id, &change).unwrap().cidrs, foreseen.cidrs);
    let listed = ipam.list_pool_cidrs(&top.meta.id, false).unwrap();
    let listed: Vec<_> = listed.iter().map(|one| (one.cidr.to_string(), one.inline)).collect();
    let texts = ["10.1.0.0/16", "10.2.0.0/16", "10.9.0.0/16"];
    assert_eq!(listed, [(texts[0].into(), true), (texts[1].into(), true), (texts[2].into(), false)]);
    ipam.delete_pool_cidr(&by_itself.meta.id).unwrap();
    assert_eq!(ipam.get_pool_cidr(&by_itself.meta.id).unwrap(), None);
    ipam.delete_pool_cidr(&by_itself.meta.id).unwrap();
    change.provision = Provision::Nothing;
    ipam.update_pool(&top.meta.id, &change).unwrap();
    assert!(ipam.list_pool_cidrs(&top.meta.id, false).unwrap().is_empty());
    scene.is_sound();
}

#[test]
fn rules_can_be_set_and_removed() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let mut change = change_of(&leaf);
    change.rules = Rules {
        min_netmask_length: Some(20),
        max_netmask_length: Some(28),
        default_netmask_length: Some(26),
        required_tags: tags(&[("team", "net")]),
        ..Rules::default()
    };
    assert_eq!(ipam.update_pool(&leaf.meta.id, &change).unwrap().rules, change.rules);
    let pool = ipam.get_pool(&leaf.meta.id).unwrap().unwrap();
    let large = allocate(&ipam, &pool, "web", 19).unwrap_err();
    assert!(matches!(large, Error::NetmaskRule { .. }), "{large:?}");
    let untagged = allocate(&ipam, &pool, "web", 24).unwrap_err();
    assert!(matches!(untagged, Error::TagRule { .. }), "{untagged:?}");
    let mut spec = allocation_spec(&pool, "web", Size::Default);
    spec.tags = tags(&[("team", "net")]);
    assert_eq!(ipam.create_allocation(&spec, &Planned::Unknown).unwrap().cidr, cidr("10.0.0.0/26"));
    change.rules = Rules::default();
    assert_eq!(ipam.update_pool(&leaf.meta.id, &change).unwrap().rules, Rules::default());
    scene.is_sound();
}

#[test]
fn another_size_is_another_allocation() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    let resize = |size| ipam.preview_resize(&web.meta.id, size, &terms()).unwrap();
    assert_eq!(resize(Size::NetmaskLength(24)), Resize::InPlace(web.cidr));
    assert_eq!(resize(Size::NetmaskLength(23)), Resize::Replace);
    assert_eq!(resize(Size::Cidr(cidr("10.0.0.0/25"))), Resize::Replace);
}

#[test]
fn free_and_used_space_is_computed_from_the_lists_of_aws() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    allocate(&ipam, &leaf, "web", 24).unwrap();
    scene.endpoint.take(&leaf.meta.id, "vpc", "vpc-1", "10.0.128.0/17");
    let found = ipam.utilization(&leaf.meta.id).unwrap();
    assert_eq!(
        (found.provisioned.clone(), found.used.clone(), found.allocations),
        (65536u32.into(), 33024u32.into(), 2)
    );
    assert_eq!(&found.provisioned - &found.used, found.free);
    assert_eq!(found.largest_free, Some(cidr("10.0.64.0/18")));
    let above = ipam.utilization(&top.meta.id).unwrap();
    assert_eq!((above.used, above.assigned_in_subtree), (65536u32.into(), 33024u32.into()));
    assert_eq!(ipam.free_cidrs(&leaf.meta.id, Some(22), 2).unwrap(), [cidr("10.0.4.0/22"), cidr("10.0.8.0/21")]);
    let kinds = |include_pools| -> Vec<String> {
        let filter = AllocationFilter { include_pools, ..AllocationFilter::default() };
        ipam.list_allocations(&filter).unwrap().iter().map(|one| one.resource_type.to_string()).collect()
    };
    assert_eq!(
        (kinds(true), kinds(false)),
        (
            vec!["ipam-pool".to_owned(), "custom".to_owned(), "vpc".to_owned()],
            vec!["custom".to_owned(), "vpc".to_owned()]
        )
    );
    assert_eq!(ipam.allocation_at(&leaf.meta.id, cidr("10.0.0.7/32")).unwrap().unwrap().meta.name, "web");
    let audit = ipam.check().unwrap();
    assert_eq!((audit.findings, audit.pools, audit.allocations), (Vec::new(), 2, 3));
    scene.is_sound();
}

#[test]
fn an_overview_answers_like_single_questions_and_requests_each_list_once() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    allocate(&ipam, &leaf, "web", 24).unwrap();
    let expected = [&top, &leaf].map(|pool| {
        let id = &pool.meta.id;
        let in_pool =
            AllocationFilter { pool_id: Some(id.clone()), include_pools: true, ..AllocationFilter::default() };
        let path = ipam.pool_path(id).unwrap();
        let pool_cidrs = ipam.list_pool_cidrs(id, true).unwrap();
        let (utilization, allocations) = (ipam.utilization(id).unwrap(), ipam.list_allocations(&in_pool).unwrap());
        PoolOverview { pool: pool.clone(), path, pool_cidrs, utilization: Some(utilization), allocations }
    });
    let everything = PoolChoice::Matching(PoolFilter::default());
    for (choice, scopes, scope_count) in
        [(everything, ScopeChoice::All, 2), (PoolChoice::Under(top.meta.id.clone()), ScopeChoice::OfPools, 1)]
    {
        let query = OverviewQuery { scopes, utilization: true, allocations: true, ..OverviewQuery::of(&choice) };
        let before = scene.endpoint.calls().len();
        let overview = ipam.overview(&query).unwrap();
        let mut calls: Vec<String> =
            scene.endpoint.calls()[before..].iter().map(|call| call.action.to_string()).collect();
        calls.sort_unstable();
        assert_eq!(overview.pools, expected);
        assert_eq!(overview.scopes.len(), scope_count);
        let (allocations, cidrs) = ("GetIpamPoolAllocations", "GetIpamPoolCidrs");
        assert_eq!(calls, ["DescribeIpamPools", "DescribeIpamScopes", allocations, allocations, cidrs, cidrs]);
    }
    let nowhere = PoolChoice::Under("ipam-pool-0123456789abcdef0".to_owned());
    let gone = ipam.overview(&OverviewQuery::of(&nowhere)).unwrap_err();
    assert!(matches!(gone, Error::NotFound { kind: Kind::Pool, .. }), "{gone:?}");
}

#[test]
fn pools_are_found_by_path_and_listed_from_the_top() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    let ids = |pools: Vec<Pool>| pools.into_iter().map(|pool| pool.meta.id).collect::<Vec<_>>();
    assert_eq!(ids(ipam.list_pools(&PoolFilter::default()).unwrap()), [top.meta.id.clone(), leaf.meta.id.clone()]);
    for path in ["leaf", "top/leaf"] {
        assert_eq!(ids(ipam.find_pool(path).unwrap()), std::slice::from_ref(&leaf.meta.id));
    }
    assert!(ipam.find_pool("op/leaf").unwrap().is_empty());
    assert_eq!(ipam.pool_path(&leaf.meta.id).unwrap(), "top/leaf");
    let gone = ipam.pool_path("ipam-pool-0123456789abcdef0").unwrap_err();
    assert!(matches!(gone, Error::NotFound { kind: Kind::Pool, .. }), "{gone:?}");
}

#[test]
fn the_ipam_is_the_one_of_the_configuration_and_its_region() {
    let scene = Scene::new();
    let words = |settings: &Settings| {
        let error = AwsIpam::open(settings, PACE).unwrap().list_scopes(false).unwrap_err();
        terraform_provider_ipam::backend::explain(&error).detail
    };
    let mut settings = settings(&scene.endpoint, ACCOUNT, HOME);
    settings.ipam_id = Some(super::scene::text(&scene.ipam["IpamId"]));
    assert_eq!(AwsIpam::open(&settings, PACE).unwrap().list_scopes(false).unwrap().len(), 2);
    settings.ipam_id = Some("ipam-0123456789abcdef0".to_owned());
    assert!(words(&settings).contains("ipam-0123456789abcdef0"), "{}", words(&settings));
    (settings.region, settings.ipam_id) = (Some(AWAY.to_owned()), None);
    assert!(words(&settings).contains("no IPAM in eu-west-1"), "{}", words(&settings));
}

#[test]
fn unknown_credentials_are_reported_without_the_secret() {
    let scene = Scene::new();
    let mut settings = settings(&scene.endpoint, ACCOUNT, HOME);
    settings.keys.as_mut().unwrap().secret_key = "wJalrXUtnFEMI".to_owned();
    let error = AwsIpam::open(&settings, PACE).unwrap().list_scopes(false).unwrap_err();
    let explanation = terraform_provider_ipam::backend::explain(&error);
    assert!(explanation.detail.contains("Check the credentials"), "{explanation:?}");
    assert!(explanation.detail.contains("Request id"), "{explanation:?}");
    assert!(!format!("{explanation:?}{error:?}").contains("wJalr"));
}
