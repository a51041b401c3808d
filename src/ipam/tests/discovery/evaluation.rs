//! Tables of results of evaluations.

use crate::ipam::tests::discovery::*;

/// The text `management compliance overlap pool` of each block, in order.
fn states(world: &mut World) -> Vec<String> {
    let word = |found: &ResourceCidr| {
        format!(
            "{} {} {} {} {}",
            found.resource_id,
            found.management.unwrap(),
            found.compliance.unwrap(),
            found.overlap.unwrap(),
            found.pool_id.is_some()
        )
    };
    world.resources().iter().map(word).collect()
}

fn reasons(world: &mut World, id: &str) -> Vec<String> {
    let filter = ResourceFilter { resource_id: Some(id.to_owned()), ..ResourceFilter::default() };
    world.read(|reader| reader.resource_cidrs(&filter)).unwrap().remove(0).reasons
}

fn overlaps(world: &mut World, id: &str) -> Vec<String> {
    let filter = ResourceFilter { resource_id: Some(id.to_owned()), ..ResourceFilter::default() };
    world.read(|reader| reader.resource_cidrs(&filter)).unwrap().remove(0).overlaps_with
}

#[test]
fn the_object_with_exactly_the_block_manages_it() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    world.write(|ledger| ledger.create_pool(&below(&top, "eu", "10.1.0.0/16"), &Planned::Unknown)).unwrap();
    world.create(&top, "legacy", "10.2.0.0/16").unwrap();
    world.plan(&top, "planned", "10.3.0.0/16").unwrap();
    world.sees(
        &discovery,
        &[
            vpc("vpc-1", "10.1.0.0/16"),
            vpc("vpc-2", "10.2.0.0/16"),
            vpc("vpc-3", "10.3.0.0/16"),
            vpc("vpc-4", "10.4.0.0/16"),
            vpc("vpc-5", "192.168.0.0/16"),
        ],
    );
    assert_eq!(
        states(&mut world),
        [
            "vpc-1 managed compliant nonoverlapping true",
            "vpc-2 managed compliant nonoverlapping true",
            "vpc-3 unmanaged unmanaged nonoverlapping false",
            "vpc-4 unmanaged unmanaged nonoverlapping false",
            "vpc-5 unmanaged unmanaged nonoverlapping false",
        ]
    );
}

#[test]
fn of_several_resources_with_the_same_block_the_first_is_managed_and_all_overlap() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    world.create(&top, "legacy", "10.2.0.0/16").unwrap();
    world.sees_at(&discovery, "222222222222", "us-east-1", &[vpc("vpc-2", "10.2.0.0/16")]);
    world.sees(&discovery, &[vpc("vpc-1", "10.2.0.0/16"), subnet("subnet-1", "vpc-1", "10.2.0.0/16")]);
    assert_eq!(
        states(&mut world),
        [
            "subnet-1 unmanaged unmanaged overlapping false",
            "vpc-1 unmanaged unmanaged overlapping false",
            "vpc-2 managed compliant overlapping true",
        ]
    );
    assert_eq!(overlaps(&mut world, "vpc-2"), ["vpc vpc-1 (10.2.0.0/16, account 111122223333, us-east-1)"]);
    let legacy = world.read(|reader| reader.find_allocation(&top.meta.id, "legacy")).unwrap().unwrap().meta.id;
    assert_eq!(
        overlaps(&mut world, "vpc-1"),
        [
            format!("allocation \"legacy\" (10.2.0.0/16, {legacy})"),
            "vpc vpc-2 (10.2.0.0/16, account 222222222222, us-east-1)".to_owned(),
        ]
    );
}

#[test]
fn rules_of_the_pool_make_a_managed_block_noncompliant() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let spec = PoolSpec { locale: Some("eu-west-1".into()), ..top("top", &["10.0.0.0/8"]) };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    world.create(&pool, "legacy", "10.2.0.0/16").unwrap();
    world.create(&pool, "small", "10.3.0.0/28").unwrap();
    let rules = Rules {
        min_netmask_length: Some(20),
        max_netmask_length: Some(24),
        required_tags: [("team".to_owned(), "net".to_owned())].into(),
        ..Rules::default()
    };
    let change = PoolChange { rules, ..reprovisioned(&pool, pool.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    let tagged = |value: &str, resource: DiscoveredCidr| DiscoveredCidr {
        tags: [("team".to_owned(), value.to_owned())].into(),
        ..resource
    };
    let small = tagged("net", vpc("vpc-2", "10.3.0.0/28"));
    world.sees(&discovery, &[vpc("vpc-1", "10.2.0.0/16"), small, vpc("vpc-3", "10.0.0.0/8")]);
    let of_pool = format!("of pool \"top\" ({})", pool.meta.id);
    assert_eq!(
        reasons(&mut world, "vpc-1"),
        [
            format!("Its netmask length 16 is less than allocation_min_netmask_length {of_pool}, which is 20."),
            format!("It has no tag \"team\", and allocation_resource_tags {of_pool} require it to be \"net\"."),
            format!("It is in us-east-1, and the locale {of_pool} is eu-west-1."),
        ]
    );
    assert_eq!(
        reasons(&mut world, "vpc-2"),
        [
            format!("Its netmask length 28 is more than allocation_max_netmask_length {of_pool}, which is 24."),
            format!("It is in us-east-1, and the locale {of_pool} is eu-west-1."),
        ]
    );
    // For the space of a pool, only the Region is checked.
    assert_eq!(reasons(&mut world, "vpc-3"), [format!("It is in us-east-1, and the locale {of_pool} is eu-west-1.")]);
    world.sees(&discovery, &[tagged("web", vpc("vpc-1", "10.2.0.0/16"))]);
    assert_eq!(
        reasons(&mut world, "vpc-1")[1],
        format!("Its tag \"team\" is \"web\", and allocation_resource_tags {of_pool} require \"net\".")
    );
}

#[test]
fn resources_inside_their_own_space_do_not_overlap() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&top, "vpc", "10.1.0.0/16"), &Planned::Unknown)).unwrap();
    let inner =
        world.write(|ledger| ledger.create_pool(&below(&pool, "az", "10.1.0.0/20"), &Planned::Unknown)).unwrap();
    world.create(&inner, "a", "10.1.1.0/24").unwrap();
    world.create(&pool, "b", "10.1.128.0/24").unwrap();
    let outside = world.create(&top, "legacy", "10.2.1.0/24").unwrap();
    world.sees(
        &discovery,
        &[
            vpc("vpc-1", "10.1.0.0/16"),
            subnet("subnet-1", "vpc-1", "10.1.1.0/24"),
            subnet("subnet-2", "vpc-1", "10.1.128.0/17"),
            vpc("vpc-2", "10.2.0.0/16"),
            subnet("subnet-3", "vpc-2", "10.2.1.0/24"),
            subnet("subnet-4", "vpc-2", "10.2.0.0/24"),
            seen(SeenType::Eni, "eni-1", "10.2.1.7/32"),
        ],
    );
    for id in ["vpc-1", "subnet-1", "subnet-2", "subnet-3", "subnet-4", "eni-1"] {
        assert_eq!(overlaps(&mut world, id), Vec::<String>::new(), "{id}");
    }
    assert_eq!(overlaps(&mut world, "vpc-2"), [format!("allocation \"legacy\" (10.2.1.0/24, {})", outside.meta.id)]);
    world.sees_at(
        &discovery,
        "222222222222",
        "us-east-1",
        &[vpc("vpc-9", "10.1.1.0/24"), subnet("subnet-9", "vpc-9", "10.1.1.0/25")],
    );
    assert_eq!(
        overlaps(&mut world, "subnet-1"),
        [
            "subnet subnet-9 (10.1.1.0/25, account 222222222222, us-east-1)",
            "vpc vpc-9 (10.1.1.0/24, account 222222222222, us-east-1)",
        ]
    );
    assert_eq!(
        overlaps(&mut world, "vpc-1"),
        ["vpc vpc-9 (10.1.1.0/24, account 222222222222, us-east-1)"],
        "only a subnet names subnets of other VPCs"
    );
}

#[test]
fn public_pools_overlap_only_when_two_accounts_have_the_same() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = |id: &str| seen(SeenType::PublicIpv4Pool, id, "203.0.113.0/28");
    let eip = seen(SeenType::Eip, "eipalloc-1", "203.0.113.1/32");
    world.sees(&discovery, &[pool("ipv4pool-1"), pool("ipv4pool-2"), eip]);
    assert_eq!(overlaps(&mut world, "ipv4pool-1"), Vec::<String>::new());
    world.sees_at(&discovery, "222222222222", "us-east-1", &[pool("ipv4pool-3")]);
    let of_other = ["public-ipv4-pool ipv4pool-3 (203.0.113.0/28, account 222222222222, us-east-1)"];
    assert_eq!(overlaps(&mut world, "ipv4pool-1"), of_other);
    let found = world.resources();
    assert_eq!(found[0].usage, Some(1.0 / 16.0), "one address of sixteen is an Elastic IP");
    let public = world.read(|reader| reader.default_scope(ScopeType::Public)).unwrap();
    assert!(found.iter().all(|found| found.scope_id == public));
}

#[test]
fn usage_is_the_part_that_subnets_cover() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let half_used = DiscoveredCidr { usage: Some(0.5), ..subnet("subnet-1", "vpc-1", "10.0.0.0/18") };
    world.sees(
        &discovery,
        &[
            vpc("vpc-1", "10.0.0.0/16"),
            vpc("vpc-1", "10.1.0.0/16"),
            vpc("vpc-1", "2001:db8::/56"),
            half_used,
            subnet("subnet-2", "vpc-1", "10.0.0.0/19"),
            subnet("subnet-3", "vpc-1", "10.0.64.0/18"),
            subnet("subnet-4", "vpc-2", "10.0.128.0/18"),
        ],
    );
    let all = world.resources();
    let usage = |block: &str, id: &str| {
        all.iter().find(|found| found.cidr == cidr(block) && found.resource_id == id).unwrap().usage
    };
    assert_eq!(usage("10.0.0.0/16", "vpc-1"), Some(0.5));
    assert_eq!(usage("10.1.0.0/16", "vpc-1"), Some(0.0));
    assert_eq!(usage("2001:db8::/56", "vpc-1"), None);
    assert_eq!(usage("10.0.0.0/18", "subnet-1"), Some(0.5));
    let seen = world.read(|reader| reader.discovered_resource_cidrs(&DiscoveryFilter::default())).unwrap();
    assert_eq!(seen.items[0].usage, Some(0.5), "{:?}", seen.items[0]);
    assert_eq!(seen.items[0].sampled_at, Some(world.now));
}

#[test]
fn a_resource_that_two_discoveries_see_is_listed_once() {
    let mut world = World::new();
    let (old, new) = (world.discovery("old"), world.discovery("new"));
    world.sees(&old, &[vpc("vpc-1", "10.0.0.0/16")]);
    let named = DiscoveredCidr { tags: [("Name".to_owned(), "prod".to_owned())].into(), ..vpc("vpc-1", "10.0.0.0/16") };
    world.sees(&new, &[named]);
    let all = world.resources();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].resource_name.as_deref(), all[0].overlap), (Some("prod"), Some(OverlapStatus::Nonoverlapping)));
}

#[test]
fn only_the_first_of_many_overlaps_are_named() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let crowd: Vec<DiscoveredCidr> = (0..40).map(|n| vpc(&format!("vpc-{n}"), "172.31.0.0/16")).collect();
    world.sees(&discovery, &crowd);
    let named = overlaps(&mut world, "vpc-7");
    assert_eq!(named.len(), 11);
    assert_eq!(named[10], "and more");
}

/// Number of compared sightings and the time that this takes. The sightings are realistic: default VPCs that all look
/// alike, and others with subnets and interfaces.
fn compared(accounts: u32) -> (usize, std::time::Duration) {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    let mut map = std::mem::take(&mut world.map);
    let mut random = || dice(&mut world.seed);
    for account in 0..accounts {
        let mut resources = Vec::new();
        for number in 0..20_u32 {
            let id = format!("vpc-{account}-{number}");
            let block = if number < 10 {
                cidr("172.31.0.0/16")
            } else {
                Cidr::around(Family::Ipv4, u128::from(10_u32 << 24 | (account * 10 + number - 10) << 14), 18)
            };
            resources.push(vpc(&id, &block.to_string()));
            for inside in 0..49_u128 {
                let address = block.first() + inside * 256;
                let subnet_of = if inside < 8 { SeenType::Subnet } else { SeenType::Eni };
                let length = if inside < 8 { 24 } else { 32 };
                let block = Cidr::around(Family::Ipv4, address, length).to_string();
                let found = seen(subnet_of, &format!("{id}-{inside}"), &block);
                resources.push(DiscoveredCidr { vpc_id: Some(id.clone()), ..found });
            }
        }
        let sample = Sample {
            account_id: account.to_string(),
            region: "us-east-1".into(),
            taken_at: world.now,
            outcome: Ok(Sighting { resources, addresses: Vec::new() }),
        };
        let env = Env::new(world.now, &mut random, &world.actor);
        Ledger::new(&mut map, env).take_sample(&discovery.meta.id, &sample).unwrap();
        let spec = wanted(&top, &format!("n{account}"), &format!("10.{account}.0.0/18"));
        let env = Env::new(world.now, &mut random, &world.actor);
        Ledger::new(&mut map, env).create_allocation(&spec, &Planned::Unknown).unwrap();
    }
    world.map = map;
    let begun = std::time::Instant::now();
    let all = world.resources();
    let took = begun.elapsed();
    (all.len(), took)
}

#[test]
fn evaluation_time_does_not_grow_with_the_square_of_the_sightings() {
    // Other work on this machine may slow down one of the two measurements, but not every time.
    let is_quick = (0..5).any(|_| {
        let (few, quick) = compared(10);
        let (many, slow) = compared(100);
        println!("{few} blocks in {quick:?}, {many} in {slow:?}");
        assert_eq!((few, many), (10_000, 100_000));
        slow < quick * 30
    });
    assert!(is_quick, "ten times as many sightings took more than 30 times as long in every attempt");
}

#[test]
fn the_deepest_object_with_the_block_manages_it() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&top, "eu", "10.1.0.0/16"), &Planned::Unknown)).unwrap();
    world.create(&inner, "all of it", "10.1.0.0/16").unwrap();
    let rules = Rules { min_netmask_length: Some(20), ..Rules::default() };
    let change = PoolChange { rules, ..reprovisioned(&inner, inner.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&inner.meta.id, &change)).unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.1.0.0/16")]);
    // The rules apply to an allocation in the pool, and not to the space of the pool.
    assert_eq!(states(&mut world), ["vpc-1 managed noncompliant nonoverlapping true"]);
}
