//! Tests of past sightings of a block.

use crate::ipam::tests::discovery::*;

fn told(world: &mut World, block: &str) -> Vec<String> {
    let question = HistoryQuestion { cidr: cidr(block), scope_id: None, vpc_id: None, from: None, to: None };
    let history = world.read(|reader| reader.address_history(&question)).unwrap();
    let minute = |time: jiff::Timestamp| (time.as_second() - 1_800_000_000) / 60;
    let end = |time: Option<jiff::Timestamp>| time.map_or_else(|| "now".to_owned(), |time| minute(time).to_string());
    let line = |record: &HistoryRecord| {
        format!("{} {}-{}", record.resource_id, end(record.first_sampled), end(record.last_sampled))
    };
    history.records.iter().map(line).collect()
}

#[test]
fn tenures_end_with_the_last_sample_that_had_them() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let one = vpc("vpc-1", "10.0.0.0/16");
    world.sees(&discovery, std::slice::from_ref(&one));
    world.sees(&discovery, std::slice::from_ref(&one));
    assert_eq!(told(&mut world, "10.0.0.0/16"), ["vpc-1 1-now"]);
    world.sees(&discovery, &[]);
    world.sees(&discovery, &[vpc("vpc-2", "10.0.0.0/16")]);
    assert_eq!(told(&mut world, "10.0.0.0/16"), ["vpc-1 1-2", "vpc-2 4-now"]);
    assert_eq!(told(&mut world, "10.0.0.0/17"), Vec::<String>::new(), "no other block counts");
    world.sees(&discovery, &[one, vpc("vpc-2", "10.0.0.0/16")]);
    assert_eq!(told(&mut world, "10.0.0.0/16"), ["vpc-1 1-2", "vpc-2 4-now", "vpc-1 5-now"]);
    world.wait(1);
    world.write(|ledger| ledger.delete_discovery(&discovery.meta.id)).unwrap();
    assert_eq!(told(&mut world, "10.0.0.0/16"), ["vpc-1 1-2", "vpc-2 4-5", "vpc-1 5-5"]);
    world.check();
}

#[test]
fn an_interface_on_an_instance_is_two_rows_and_two_discoveries_are_one() {
    let mut world = World::new();
    let (a, b) = (world.discovery("a"), world.discovery("b"));
    let eni = DiscoveredCidr { instance_id: Some("i-1".into()), ..seen(SeenType::Eni, "eni-1", "10.0.0.7/32") };
    world.sees(&a, std::slice::from_ref(&eni));
    world.sees(&b, std::slice::from_ref(&eni));
    assert_eq!(told(&mut world, "10.0.0.7/32"), ["eni-1 1-now", "i-1 1-now"]);
    world.sees(&a, &[eni]);
    world.sees(&a, &[]);
    assert_eq!(told(&mut world, "10.0.0.7/32"), ["eni-1 1-now", "i-1 1-now"]);
    world.sees(&b, &[]);
    assert_eq!(told(&mut world, "10.0.0.7/32"), ["eni-1 1-3", "i-1 1-3"]);
}

#[test]
fn moving_ends_a_tenure_and_begins_another() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let spec = ScopeSpec {
        name: "other".into(),
        scope_type: ScopeType::Private,
        description: None,
        tags: Tags::new(),
        ipam_id: None,
    };
    let other = world.write(|ledger| ledger.create_scope(&spec, &Planned::Unknown)).unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    world.wait(1);
    let moved = Treatment { monitored: true, scope_id: Some(other.meta.id.clone()) };
    world.write(|ledger| ledger.treat(&of("vpc-1", "10.0.0.0/16"), &moved)).unwrap();
    assert_eq!(told(&mut world, "10.0.0.0/16"), ["vpc-1 1-2"]);
    let question = HistoryQuestion {
        cidr: cidr("10.0.0.0/16"),
        scope_id: Some(other.meta.id),
        vpc_id: Some("vpc-1".into()),
        from: Some(world.now),
        to: None,
    };
    let there = world.read(|reader| reader.address_history(&question)).unwrap();
    assert_eq!((there.records.len(), there.records[0].last_sampled), (1, None));
    assert_eq!(there.records[0].overlap, Some(OverlapStatus::Nonoverlapping));
    let past = HistoryQuestion {
        from: None,
        to: Some(world.now.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap()),
        ..question
    };
    assert_eq!(world.read(|reader| reader.address_history(&past)).unwrap().records, []);
    world.check();
}

#[test]
fn the_past_is_forgotten_after_three_years_a_little_at_a_time() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let crowd: Vec<DiscoveredCidr> =
        (0..200).map(|n| seen(SeenType::Eni, &format!("eni-{n}"), &format!("10.0.0.{n}/32"))).collect();
    world.sees(&discovery, &crowd);
    world.sees(&discovery, &[]);
    let past = |world: &World| world.map.entries().keys().filter(|key| key.starts_with("past/")).count();
    assert_eq!(past(&world), 200);
    world.wait(60 * 24 * 3 * 365 - 10);
    world.sees(&discovery, &[]);
    assert_eq!(past(&world), 200, "not yet");
    world.wait(20);
    world.sees(&discovery, &[]);
    let left = past(&world);
    assert!(0 < left && left < 200, "{left}");
    for _ in 0..5 {
        world.sees(&discovery, &[]);
    }
    assert_eq!(past(&world), 0);
    world.check();
}
