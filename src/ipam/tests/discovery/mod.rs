//! Tests of discoveries: samples, treatments, comparison with pools, import.

mod evaluation;
mod history;
mod import;
mod model;
mod placement;
mod treatments;
mod unallocated;

use crate::ipam::discovery::types::*;
use crate::ipam::testing::*;
use crate::ipam::*;

pub(crate) fn survey() -> Survey {
    Survey { avoided: true, ..Survey::default() }
}

impl World {
    pub(super) fn discovery(&mut self, name: &str) -> Discovery {
        self.write(|ledger| ledger.create_discovery(name, None, &survey(), &Tags::new())).unwrap()
    }

    /// Stores a successful sample of account 1 in us-east-1, a minute after the last operation.
    pub(super) fn sees(&mut self, discovery: &Discovery, resources: &[DiscoveredCidr]) -> SampleChanges {
        self.sees_at(discovery, "111122223333", "us-east-1", resources)
    }

    pub(super) fn sees_at(
        &mut self,
        discovery: &Discovery,
        account_id: &str,
        region: &str,
        resources: &[DiscoveredCidr],
    ) -> SampleChanges {
        self.wait(1);
        let sample = Sample {
            account_id: account_id.into(),
            region: region.into(),
            taken_at: self.now,
            outcome: Ok(Sighting { resources: resources.to_vec(), addresses: Vec::new() }),
        };
        self.write(|ledger| ledger.take_sample(&discovery.meta.id, &sample)).unwrap()
    }

    /// Stores a sample of account 1 in us-east-1 from files, a minute after the last operation.
    pub(super) fn reads(&mut self, discovery: &Discovery, resources: &[DiscoveredCidr]) -> SampleChanges {
        self.wait(1);
        let sample = Sample {
            account_id: "111122223333".into(),
            region: "us-east-1".into(),
            taken_at: self.now,
            outcome: Ok(Sighting { resources: resources.to_vec(), addresses: Vec::new() }),
        };
        let files = ["net.csv".to_owned()].into();
        self.write(|ledger| ledger.take_sample_of_files(&discovery.meta.id, &sample, &files)).unwrap()
    }

    pub(super) fn resources(&mut self) -> Vec<ResourceCidr> {
        self.read(|reader| reader.resource_cidrs(&ResourceFilter::default())).unwrap()
    }
}

pub(crate) fn seen(resource_type: SeenType, id: &str, block: &str) -> DiscoveredCidr {
    DiscoveredCidr {
        region: "us-east-1".into(),
        resource_id: id.into(),
        resource_type,
        owner_id: None,
        cidr: Some(cidr(block)),
        ip_source: None,
        tags: Tags::new(),
        usage: None,
        vpc_id: (resource_type == SeenType::Vpc).then(|| id.to_owned()),
        subnet_id: None,
        attachment: None,
        instance_id: None,
        availability_zone_id: None,
        sampled_at: None,
    }
}

pub(crate) fn vpc(id: &str, block: &str) -> DiscoveredCidr {
    seen(SeenType::Vpc, id, block)
}

pub(crate) fn subnet(id: &str, vpc_id: &str, block: &str) -> DiscoveredCidr {
    DiscoveredCidr { vpc_id: Some(vpc_id.into()), ..seen(SeenType::Subnet, id, block) }
}

pub(crate) fn of(id: &str, block: &str) -> ResourceCidrId {
    ResourceCidrId { resource_id: id.into(), cidr: cidr(block), region: "us-east-1".into() }
}

pub(crate) fn address(text: &str) -> PublicAddress {
    PublicAddress {
        address: text.parse().unwrap(),
        region: "us-east-1".to_owned(),
        address_type: AddressType::AmazonOwnedEip,
        association: Some(AssociationStatus::Associated),
        owner_id: None,
        allocation_id: Some("eipalloc-1".to_owned()),
        service: None,
        service_resource: None,
        vpc_id: None,
        subnet_id: None,
        public_ipv4_pool_id: None,
        network_interface_id: None,
        network_interface_description: None,
        instance_id: None,
        network_border_group: None,
        security_groups: std::collections::BTreeMap::new(),
        tags: Tags::new(),
        sampled_at: None,
    }
}

#[test]
fn a_sample_replaces_the_sightings_of_its_target() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let taken = world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.1.0.0/16")]);
    assert_eq!((taken.added, taken.changed, taken.gone), (2, 0, 0));
    world.check();
    world.sees_at(&discovery, "111122223333", "eu-west-1", &[vpc("vpc-3", "10.3.0.0/16")]);
    let entries = world.map.len();
    let taken = world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-4", "10.4.0.0/16")]);
    assert_eq!((taken.added, taken.changed, taken.gone), (1, 0, 1));
    world.check();
    assert_eq!(world.map.len(), entries + 2, "the past sighting, and its entry in the index by end");
    let ids: Vec<String> = world.resources().into_iter().map(|found| found.resource_id).collect();
    assert_eq!(ids, ["vpc-1", "vpc-3", "vpc-4"]);
    // A scan that began earlier changes nothing.
    let late = Sample {
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        taken_at: world.now.checked_sub(jiff::SignedDuration::from_secs(30)).unwrap(),
        outcome: Ok(Sighting::default()),
    };
    assert!(world.write(|ledger| ledger.take_sample(&discovery.meta.id, &late)).unwrap().superseded);
    assert_eq!(world.resources().len(), 3);
    let failed = Sample {
        taken_at: world.now.checked_add(jiff::SignedDuration::from_secs(30)).unwrap(),
        outcome: Err(Failure { code: FailureCode::Throttling, message: None }),
        ..late
    };
    world.write(|ledger| ledger.take_sample(&discovery.meta.id, &failed)).unwrap();
    assert_eq!(world.resources().len(), 3);
    let accounts = world.read(|reader| reader.discovered_accounts(&DiscoveryFilter::default())).unwrap();
    let failures: Vec<bool> = accounts.items.iter().map(|account| account.failure.is_some()).collect();
    assert_eq!(failures, [false, true]);
    world.check();
    world.write(|ledger| ledger.delete_discovery(&discovery.meta.id)).unwrap();
    world.check();
    assert_eq!(world.resources(), []);
    assert!(!world.map.entries().keys().any(|key| key.starts_with("sighting/") || key.starts_with("avoid")));
}

#[test]
fn a_merge_is_not_carried_out_after_a_scan_that_it_does_not_include() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let mut other = World::new();
    other.seed = 77;
    other.top("top", &["10.0.0.0/8"]);
    let more = other.read(|reader| reader.records()).unwrap();
    let merge = world.read(|reader| reader.merge(&more)).unwrap();
    assert_eq!(merge.conflicts, []);
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    assert!(!world.write(|ledger| ledger.carry_out(&merge)).unwrap());
    let merge = world.read(|reader| reader.merge(&more)).unwrap();
    assert!(world.write(|ledger| ledger.carry_out(&merge)).unwrap());
    world.check();
}

#[test]
fn discoveries_are_found_by_id_or_as_the_only_one() {
    let mut world = World::new();
    let which = |world: &mut World, id: Option<&str>| world.read(|reader| reader.which_discovery(id));
    assert_eq!(which(&mut world, None).unwrap_err(), Error::NoDiscovery);
    let filter = DiscoveryFilter::default();
    assert_eq!(world.read(|reader| reader.discovered_accounts(&filter)).unwrap_err(), Error::NoDiscovery);
    let one = world.discovery("same");
    assert_eq!(which(&mut world, None).unwrap(), one);
    let two = world.discovery("same");
    let mut there = vec![(one.meta.id.clone(), "same".to_owned()), (two.meta.id.clone(), "same".to_owned())];
    there.sort();
    assert_eq!(which(&mut world, None).unwrap_err(), Error::ManyDiscoveries { there });
    assert_eq!(which(&mut world, Some(&two.meta.id)).unwrap(), two);
    let gone = Some("ipam-res-disco-0");
    assert!(matches!(which(&mut world, gone).unwrap_err(), Error::NotFound { kind: Kind::Discovery, .. }));
    let error = world.write(|ledger| ledger.update_discovery("ipam-res-disco-0", "", None, &survey(), &Tags::new()));
    assert!(matches!(error.unwrap_err(), Error::NotFound { kind: Kind::Discovery, .. }));
    world.write(|ledger| ledger.confirm(&one.meta.id)).unwrap();
    assert!(world.read(|reader| reader.get_discovery(&one.meta.id)).unwrap().unwrap().meta.confirmed);
    world.write(|ledger| ledger.delete_discovery(&one.meta.id)).unwrap();
    world.write(|ledger| ledger.delete_discovery(&one.meta.id)).unwrap();
    assert_eq!(Kind::of_id(&two.meta.id), Some(Kind::Discovery));
    assert_eq!(Kind::of_id("vpc-1_10.0.0.0/16_us-east-1"), Some(Kind::Treatment));
    let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    let told: Vec<&str> =
        events.iter().filter(|event| event.id == one.meta.id).map(|event| event.action.as_str()).collect();
    assert_eq!(told, ["create", "delete"]);
    world.check();
}

#[test]
fn public_addresses_are_kept_with_the_time_of_their_target() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let look = |world: &mut World, addresses: Vec<PublicAddress>| {
        world.wait(1);
        let sample = Sample {
            account_id: "1".into(),
            region: "us-east-1".into(),
            taken_at: world.now,
            outcome: Ok(Sighting { resources: Vec::new(), addresses }),
        };
        world.write(|ledger| ledger.take_sample(&discovery.meta.id, &sample)).unwrap().addresses
    };
    assert_eq!(look(&mut world, vec![address("203.0.113.9"), address("203.0.113.7")]), 2);
    assert_eq!(look(&mut world, vec![address("203.0.113.7")]), 1);
    assert_eq!(look(&mut world, vec![address("203.0.113.7")]), 0);
    let seen = world.read(|reader| reader.discovered_public_addresses(&DiscoveryFilter::default())).unwrap();
    assert_eq!(seen.items, [PublicAddress { sampled_at: Some(world.now), ..address("203.0.113.7") }]);
    assert_eq!((seen.regions, seen.oldest_sample), (vec!["us-east-1".to_owned()], Some(world.now)));
    world.check();
}
