//! What was seen in accounts: samples, treatments, comparison with pools, import.

mod evaluation;
mod history;
mod import;
mod model;
mod placement;
mod treatments;

use crate::ipam::seen::*;
use crate::ipam::testing::*;
use crate::ipam::*;

pub(crate) fn survey() -> Survey {
    Survey { avoided: true, ..Survey::default() }
}

impl World {
    pub(super) fn discovery(&mut self, name: &str) -> Discovery {
        self.write(|ledger| ledger.create_discovery(name, None, &survey(), &Tags::new())).unwrap()
    }

    /// Takes a good sample of account 1 in us-east-1, a minute after the last thing that happened.
    pub(super) fn sees(&mut self, discovery: &Discovery, resources: &[DiscoveredCidr]) -> Taken {
        self.sees_at(discovery, "111122223333", "us-east-1", resources)
    }

    pub(super) fn sees_at(
        &mut self,
        discovery: &Discovery,
        account_id: &str,
        region: &str,
        resources: &[DiscoveredCidr],
    ) -> Taken {
        self.wait(1);
        let sample = Sample {
            account_id: account_id.into(),
            region: region.into(),
            taken_at: self.now,
            outcome: Ok(Sighting { resources: resources.to_vec(), addresses: Vec::new() }),
        };
        self.write(|ledger| ledger.take_sample(&discovery.meta.id, &sample)).unwrap()
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

#[test]
fn a_sample_replaces_what_was_known_of_its_place() {
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
    assert_eq!(world.map.len(), entries + 2, "the block of the past, and when it ended");
    let ids: Vec<String> = world.resources().into_iter().map(|found| found.resource_id).collect();
    assert_eq!(ids, ["vpc-1", "vpc-3", "vpc-4"]);
    // A look that began earlier changes nothing.
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
    let accounts = world.read(|reader| reader.discovered_accounts(&Spot::default())).unwrap();
    let failures: Vec<bool> = accounts.items.iter().map(|account| account.failure.is_some()).collect();
    assert_eq!(failures, [false, true]);
    world.check();
    world.write(|ledger| ledger.delete_discovery(&discovery.meta.id)).unwrap();
    world.check();
    assert_eq!(world.resources(), []);
    assert!(!world.map.entries().keys().any(|key| key.starts_with("sighting/") || key.starts_with("avoid")));
}
