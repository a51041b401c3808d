//! Tests that exports and imports include the results of discoveries.

use super::*;

/// A store with a discovery, treatments, imported allocations and past sightings.
fn looking() -> Local {
    use crate::ipam::discovery::types::*;
    use crate::ipam::tests::discovery::{address, of, seen, subnet, vpc};

    let ipam = memory();
    let importing = crate::ipam::Special { auto_import: true, ..Default::default() };
    let locale = Some("us-east-1".to_owned());
    let pool = PoolSpec { locale, special: importing, ..top("top", &["10.0.0.0/8"]) };
    ipam.create_pool(&pool, &Planned::Unknown).unwrap();
    let survey = Survey { avoided: true, operating_regions: ["us-east-1".to_owned()].into(), ..Survey::default() };
    let address = address("203.0.113.7");
    let resources = vec![
        vpc("vpc-1", "10.1.0.0/16"),
        vpc("vpc-2", "10.2.0.0/16"),
        DiscoveredCidr { usage: Some(0.125), ..subnet("subnet-1", "vpc-1", "10.1.0.0/24") },
        DiscoveredCidr { cidr: None, ..seen(SeenType::Ipv6Pool, "ipv6pool-1", "::/0") },
    ];
    ipam.transact_surely(|ledger| {
        let discovery = ledger.create_discovery("", None, &survey, &Tags::new())?;
        let sample = |minute: i64, region: &str, outcome: std::result::Result<Sighting, Failure>| Sample {
            account_id: "111122223333".to_owned(),
            region: region.to_owned(),
            taken_at: Timestamp::from_second(1_800_000_000 + minute * 60).unwrap(),
            outcome,
        };
        let gone = Sighting { resources: vec![vpc("vpc-3", "10.3.0.0/16")], addresses: Vec::new() };
        ledger.take_sample(&discovery.meta.id, &sample(1, "us-east-1", Ok(gone)))?;
        let all = Sighting { resources: resources.clone(), addresses: vec![address.clone()] };
        ledger.take_sample(&discovery.meta.id, &sample(2, "us-east-1", Ok(all)))?;
        let failure = Failure { code: FailureCode::AssumeRole, message: Some("no".to_owned()) };
        ledger.take_sample(&discovery.meta.id, &sample(2, "eu-west-1", Err(failure)))?;
        let ignored = crate::ipam::Treatment { monitored: false, scope_id: None };
        ledger.treat(&of("vpc-2", "10.2.0.0/16"), &ignored)?;
        ledger.reconcile().map(drop)
    })
    .unwrap();
    assert_clean(&ipam);
    ipam
}

#[test]
fn exports_and_imports_include_sightings() {
    let source = looking();
    let export = exported(&source);
    for list in ["discoveries", "treatments", "places", "sightings", "addresses", "past"] {
        assert!(export.contains(&format!("\n\"{list}\":[\n")), "{list}");
    }
    let target = memory();
    assert_eq!(import_text(&target, &export, PLAIN).unwrap().problems, []);
    assert_clean(&target);
    assert_eq!(body(&exported(&target)), body(&export));
    // Into a store with objects: sightings in the default scopes of the source are in those of the target afterwards.
    let present = local_drawing(Arc::new(Memory::default()), later(), 1000);
    present.create_pool(&top("other", &["192.168.0.0/16"]), &Planned::Unknown).unwrap();
    let import = import_text(&present, &export, MERGE).unwrap();
    assert_eq!((&import.problems, import.new.discoveries, import.new.treatments, import.new.seen), (&vec![], 1, 1, 8));
    assert_clean(&present);
    let again = import_text(&present, &export, MERGE).unwrap();
    assert_eq!((again.problems, again.new.sum()), (vec![], 0));
}

/// Another test reads a file of a version without discoveries.
#[test]
fn an_export_with_sightings_is_read() {
    let export = include_str!("../samples/export_1_seen.json");
    let ipam = memory();
    assert_eq!(import_text(&ipam, export, PLAIN).unwrap().problems, []);
    assert_clean(&ipam);
    assert_eq!(body(&exported(&ipam)), body(export));
}
