//! Tests of pools inside pools, of the space that they provision, and of their deletion.

use crate::ipam::testing::*;
use crate::ipam::*;

#[test]
fn the_space_of_a_pool_is_taken_from_the_pool_above() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/8"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&outer, "eu", "/16"), &Planned::Unknown)).unwrap();
    assert_eq!(inner.cidrs, cidrs(&["10.0.0.0/16"]));
    let given = below(&outer, "us", "10.0.0.0/16");
    let error = world.write(|ledger| ledger.create_pool(&given, &Planned::Unknown)).unwrap_err();
    let Error::Overlap { with, .. } = error else { panic!() };
    assert_eq!((with[0].id.as_str(), with[0].cidr), (inner.meta.id.as_str(), Some(cidr("10.0.0.0/16"))));
    world.create(&inner, "web", "/24").unwrap();
    let sums = world.read(|reader| reader.utilization(&outer.meta.id)).unwrap();
    assert_eq!((sums.used, sums.assigned_in_subtree), (65536u32.into(), 256u16.into()));
    world.check();
}

#[test]
fn top_level_pools_of_one_scope_may_not_overlap() {
    let mut world = World::new();
    world.top("a", &["10.0.0.0/9", "10.128.0.0/9"]);
    for block in ["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"] {
        let error = world.write(|ledger| ledger.create_pool(&top("b", &[block]), &Planned::Unknown)).unwrap_err();
        let Error::Overlap { with, .. } = error else { panic!() };
        assert!(!with.is_empty());
    }
    let public = world.read(|reader| reader.find_scope("default-public")).unwrap();
    let public = public.unwrap();
    let elsewhere = PoolSpec { scope_id: Some(public.meta.id), ..top("b", &["10.0.0.0/8"]) };
    world.write(|ledger| ledger.create_pool(&elsewhere, &Planned::Unknown)).unwrap();
    world.check();
}

/// A case, the request, and a check of the error.
type Refusal = (&'static str, PoolSpec, fn(&Error) -> bool);

#[test]
fn contradictory_pools_are_refused() {
    let mut world = World::new();
    let outer = world.write(|ledger| {
        ledger.create_pool(&PoolSpec { locale: Some("eu".into()), ..top("top", &["10.0.0.0/8"]) }, &Planned::Unknown)
    });
    let outer = outer.unwrap();
    let rules = |min: Option<u8>, max: Option<u8>, default: Option<u8>| Rules {
        min_netmask_length: min,
        max_netmask_length: max,
        default_netmask_length: default,
        ..Rules::default()
    };
    let base = below(&outer, "x", "/16");
    let with = |rules: Rules| PoolSpec { rules, ..base.clone() };
    let table: Vec<Refusal> = vec![
        ("min > max", with(rules(Some(24), Some(20), None)), |e| {
            matches!(e, Error::BadRules { rule: RuleName::MinNetmaskLength, .. })
        }),
        ("default < min", with(rules(Some(24), None, Some(20))), |e| {
            matches!(e, Error::BadRules { rule: RuleName::DefaultNetmaskLength, .. })
        }),
        ("default > max", with(rules(None, Some(24), Some(28))), |e| {
            matches!(e, Error::BadRules { rule: RuleName::DefaultNetmaskLength, .. })
        }),
        ("past the family", with(rules(None, Some(33), None)), |e| {
            matches!(e, Error::BadRules { rule: RuleName::MaxNetmaskLength, .. })
        }),
        ("reserved family", with(Rules { reserved_cidrs: cidrs(&["2001:db8::/64"]), ..Rules::default() }), |e| {
            matches!(e, Error::BadRules { rule: RuleName::ReservedCidrs, .. })
        }),
        ("too many at the start", with(Rules { reserve_first: 65_537, ..Rules::default() }), |e| {
            matches!(e, Error::BadRules { rule: RuleName::ReserveFirst, .. })
        }),
        ("too many at the end", with(Rules { reserve_last: 65_537, ..Rules::default() }), |e| {
            matches!(e, Error::BadRules { rule: RuleName::ReserveLast, .. })
        }),
        ("family", PoolSpec { address_family: Some(Family::Ipv6), ..base.clone() }, |e| {
            matches!(e, Error::FamilyMismatch { cidr: None, .. })
        }),
        ("block's family", below(&outer, "x", "2001:db8::/32"), |e| {
            matches!(e, Error::FamilyMismatch { cidr: Some(_), .. })
        }),
        ("locale", PoolSpec { locale: Some("us".into()), ..base.clone() }, |e| {
            matches!(e, Error::LocaleMismatch { .. })
        }),
        ("scope", PoolSpec { scope_id: Some("ipam-scope-x".into()), ..base.clone() }, |e| {
            matches!(e, Error::ScopeMismatch { .. })
        }),
        ("no scope", PoolSpec { scope_id: Some("nope".into()), ..top("x", &["11.0.0.0/8"]) }, |e| {
            matches!(e, Error::NotFound { kind: Kind::Scope, .. })
        }),
        ("no family", top("x", &[]), |e| matches!(e, Error::NoFamily)),
        (
            "no source",
            PoolSpec { address_family: Some(Family::Ipv4), provision: Provision::NetmaskLength(8), ..top("x", &[]) },
            |e| matches!(e, Error::NoSourcePool),
        ),
        ("own overlap", top("x", &["11.0.0.0/8", "11.1.0.0/16"]), |e| matches!(e, Error::OwnOverlap { .. })),
        ("outside", below(&outer, "x", "11.0.0.0/16"), |e| matches!(e, Error::OutsidePool { .. })),
        ("too long", below(&outer, "x", "/33"), |e| matches!(e, Error::NetmaskRange { .. })),
        ("too large", below(&outer, "x", "/7"), |e| matches!(e, Error::PoolExhausted { .. })),
        ("no pool", PoolSpec { source_pool_id: Some("a/../b".into()), ..base.clone() }, |e| {
            matches!(e, Error::NotFound { kind: Kind::Pool, .. })
        }),
    ];
    for (case, spec, expected) in table {
        let error = world.write(|ledger| ledger.plan_pool(&spec, &terms())).unwrap_err();
        assert!(expected(&error), "{case}: {error:?}");
    }
    let equal = with(rules(Some(24), Some(24), Some(24)));
    let made = world.write(|ledger| ledger.plan_pool(&equal, &terms())).unwrap();
    assert_eq!(made.locale.as_deref(), Some("eu"));
    world.check();
}

#[test]
fn trees_of_pools_have_a_maximum_depth() {
    let mut world = World::new();
    let mut pool = world.top("p1", &["::/0"]);
    for depth in 2..=32 {
        let spec = below(&pool, &format!("p{depth}"), &format!("/{depth}"));
        pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        assert_eq!(pool.depth, depth);
    }
    let spec = below(&pool, "p33", "/64");
    let error = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap_err();
    assert_eq!(error, Error::TooDeep { limit: 32 });
    let first = world.read(|reader| reader.find_pool("p1")).unwrap().remove(0);
    world.write(|ledger| ledger.delete_pool(&first.meta.id, true)).unwrap();
    assert_eq!(world.check().pools, 0);
}

#[test]
fn pool_with_contents_is_deleted_only_with_cascade() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/16"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&outer, "eu", "/17"), &Planned::Unknown)).unwrap();
    for index in 0..15 {
        world.create(&inner, &format!("n{index}"), "/24").unwrap();
    }
    let error = world.write(|ledger| ledger.delete_pool(&inner.meta.id, false)).unwrap_err();
    let Error::InUse { contents, more, .. } = error else { panic!() };
    assert_eq!((contents.len(), more, contents[0].path.as_str()), (10, 5, "top/eu/n0"));
    let error = world.write(|ledger| ledger.delete_pool(&outer.meta.id, false)).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }));
    let keys_of_empty = World::new().map.len();
    world.write(|ledger| ledger.delete_pool(&outer.meta.id, true)).unwrap();
    world.write(|ledger| ledger.delete_pool(&outer.meta.id, true)).unwrap();
    world.check();
    let left = world.map.entries().keys().filter(|key| !key.starts_with("event/")).count();
    assert_eq!(left + 2, keys_of_empty, "{:#?}", world.map.entries().keys());
}

#[test]
fn own_and_expired_holds_do_not_keep_a_pool() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/16"]);
    world.plan(&outer, "mine", "/24").unwrap();
    world.write(|ledger| ledger.plan_pool(&below(&outer, "eu", "/24"), &terms())).unwrap();
    world.as_owner("them").plan(&outer, "theirs", "/24").unwrap();
    let error = world.as_owner("us").write(|ledger| ledger.delete_pool(&outer.meta.id, false)).unwrap_err();
    let Error::InUse { contents, .. } = error else { panic!() };
    assert_eq!(contents.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["theirs"]);
    world.wait(61);
    world.write(|ledger| ledger.delete_pool(&outer.meta.id, false)).unwrap();
    world.check();
}

#[test]
fn cidrs_are_provisioned_one_by_one_and_taken_out_when_empty() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/16"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&outer, "eu", ""), &Planned::Unknown)).unwrap();
    let more = |name: Option<&str>, text: &str| PoolCidrSpec {
        pool_id: inner.meta.id.clone(),
        name: name.map(str::to_owned),
        size: size(text),
        proof: None,
    };
    let spec = more(Some("first"), "/24");
    let hold = world.write(|ledger| ledger.plan_pool_cidr(&spec, &terms())).unwrap();
    assert_eq!(world.read(|reader| reader.find_hold_pool_cidr(&spec, &terms())).unwrap(), Some(hold.clone()));
    let web = world.plan(&inner, "web", "/25").unwrap();
    world.check();
    let planned = Planned::Held(hold.meta.id.clone());
    let made = world.write(|ledger| ledger.create_pool_cidr(&spec, &planned)).unwrap();
    assert_eq!(made, world.write(|ledger| ledger.create_pool_cidr(&spec, &planned)).unwrap());
    let named = world.write(|ledger| ledger.create_pool_cidr(&more(None, "10.0.1.0/24"), &Planned::Unknown)).unwrap();
    assert_eq!(named.meta.name, "10.0.1.0/24");
    world.check();
    // Two adjacent CIDRs are not one: a block across both is outside of either.
    assert!(matches!(world.create(&inner, "wide", "10.0.0.0/23").unwrap_err(), Error::OutsidePool { .. }));
    let used = world.as_owner("them").write(|ledger| ledger.delete_pool_cidr(&made.meta.id)).unwrap_err();
    let Error::InUse { contents, .. } = used else { panic!() };
    assert_eq!(contents[0].id, web.meta.id);
    let error = world.write(|ledger| ledger.delete_pool(&inner.meta.id, false)).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }));
    world.as_owner("us").write(|ledger| ledger.delete_pool_cidr(&made.meta.id)).unwrap();
    world.write(|ledger| ledger.delete_pool_cidr(&made.meta.id)).unwrap();
    world.write(|ledger| ledger.delete_pool_cidr(&named.meta.id)).unwrap();
    world.check();
    let sums = world.read(|reader| reader.utilization(&outer.meta.id)).unwrap();
    assert_eq!(sums.used, 0u8.into());
    let inline = world.read(|reader| reader.list_pool_cidrs(&outer.meta.id, true)).unwrap().remove(0);
    world.write(|ledger| ledger.delete_pool_cidr(&inline.meta.id)).unwrap();
    let all = world.read(|reader| reader.list_pool_cidrs(&outer.meta.id, true)).unwrap();
    assert!(all.contains(&inline), "it belongs to the declaration of the pool");
}

#[test]
fn expired_pool_cidr_is_reclaimed() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/24"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&outer, "eu", ""), &Planned::Unknown)).unwrap();
    let spec = PoolCidrSpec { pool_id: inner.meta.id.clone(), name: Some("n".into()), size: size("/24"), proof: None };
    let hold = world.write(|ledger| ledger.plan_pool_cidr(&spec, &terms())).unwrap();
    world.plan(&inner, "web", "/25").unwrap();
    world.wait(61);
    world.as_owner("them").create(&outer, "x", "/25").unwrap();
    world.check();
    let planned = Planned::Held(hold.meta.id);
    let error = world.as_owner("us").write(|ledger| ledger.create_pool_cidr(&spec, &planned)).unwrap_err();
    let Error::HoldLost { now_held_by, .. } = error else { panic!() };
    assert_eq!(now_held_by[0].name, "x");
}

#[test]
fn replaced_pool_may_plan_the_very_blocks_of_its_predecessor() {
    for nested in [false, true] {
        let mut world = World::new();
        let outer = world.top("outer", &["10.0.0.0/8"]);
        let spec = if nested { below(&outer, "p", "10.0.0.0/16") } else { top("p", &["11.0.0.0/16"]) };
        let old = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        world.write(|ledger| ledger.confirm(&old.meta.id)).unwrap();
        let spec = PoolSpec { locale: Some("eu".into()), ..spec };
        let hold = world.write(|ledger| ledger.plan_pool(&spec, &replacing(&old.meta.id))).unwrap();
        let web = world.plan(&hold, "web", "/24").unwrap();
        world.check();
        world.write(|ledger| ledger.delete_pool(&old.meta.id, false)).unwrap();
        world.check();
        world.write(|ledger| ledger.plan_pool(&spec, &committing())).unwrap();
        let made = world.write(|ledger| ledger.create_pool(&spec, &Planned::Held(hold.meta.id.clone()))).unwrap();
        assert_eq!(made.cidrs, old.cidrs);
        let planned = Planned::Held(web.meta.id.clone());
        world.write(|ledger| ledger.create_allocation(&wanted(&hold, "web", "/24"), &planned)).unwrap();
        world.check();
    }
}

#[test]
fn replaced_pool_cidr_may_plan_the_very_block_of_its_predecessor() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/8"]);
    for pool in
        [outer.clone(), world.write(|ledger| ledger.create_pool(&below(&outer, "p", ""), &Planned::Unknown)).unwrap()]
    {
        let text = if pool.source_pool_id.is_some() { "10.1.0.0/16" } else { "11.0.0.0/16" };
        let spec = PoolCidrSpec { pool_id: pool.meta.id.clone(), name: None, size: size(text), proof: None };
        let old = world.write(|ledger| ledger.create_pool_cidr(&spec, &Planned::Unknown)).unwrap();
        world.write(|ledger| ledger.confirm(&old.meta.id)).unwrap();
        let hold = world.write(|ledger| ledger.plan_pool_cidr(&spec, &replacing(&old.meta.id))).unwrap();
        world.check();
        world.write(|ledger| ledger.delete_pool_cidr(&old.meta.id)).unwrap();
        world.check();
        let planned = Planned::Held(hold.meta.id.clone());
        let made = world.write(|ledger| ledger.create_pool_cidr(&spec, &planned)).unwrap();
        assert_eq!((made.meta.id, made.cidr), (hold.meta.id, old.cidr));
        world.create(&pool, "web", &text.replace("/16", "/24")).unwrap();
        world.check();
    }
    // A CIDR that is never applied is deleted with its pool.
    let last = world.read(|reader| reader.list_pool_cidrs(&outer.meta.id, false)).unwrap().pop().unwrap();
    let spec = PoolCidrSpec { pool_id: outer.meta.id.clone(), name: None, size: Size::Cidr(last.cidr), proof: None };
    let hold = world.write(|ledger| ledger.plan_pool_cidr(&spec, &replacing(&last.meta.id))).unwrap();
    assert!(hold.deferred);
    world.write(|ledger| ledger.delete_pool(&outer.meta.id, true)).unwrap();
    world.check();
    assert_eq!(world.read(|reader| reader.get_pool_cidr(&hold.meta.id)).unwrap(), None);
}

#[test]
fn attributes_that_only_aws_has_are_refused_and_leave_no_trace_in_records() {
    let mut world = World::new();
    let is_refused = |error: Error, expected: OnlyAws| {
        assert!(
            matches!(error, Error::Unsupported { what: Unsupported::OnlyAws(what) } if what == expected),
            "{error:?}"
        );
    };
    for (special, what) in [
        (Special { public_ip_source: Some(PublicIpSource::Byoip), ..Special::default() }, OnlyAws::PublicIpSource),
        (Special { aws_service: Some(AwsService::Ec2), ..Special::default() }, OnlyAws::AwsService),
        (Special { publicly_advertisable: Some(false), ..Special::default() }, OnlyAws::PubliclyAdvertisable),
    ] {
        let spec = PoolSpec { special, ..top("a", &["10.0.0.0/8"]) };
        is_refused(world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap_err(), what);
    }
    let pool = world.top("a", &["10.0.0.0/8"]);
    let text = serde_json::to_string(&pool).unwrap();
    assert!(!text.contains("special"), "{text}");
    let size = Size::Cidr("11.0.0.0/8".parse().unwrap());
    let proof = Some(Proof::Token("t".to_owned()));
    let spec = PoolCidrSpec { pool_id: pool.meta.id, name: None, size, proof };
    is_refused(
        world.write(|ledger| ledger.create_pool_cidr(&spec, &Planned::Unknown)).unwrap_err(),
        OnlyAws::CidrProof,
    );
}

#[test]
fn a_pool_cidr_has_another_name_and_its_old_one_is_free() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
    let spec = |name: Option<&str>, text: &str| PoolCidrSpec {
        pool_id: pool.meta.id.clone(),
        name: name.map(str::to_owned),
        size: size(text),
        proof: None,
    };
    let mut made =
        |name, text| world.write(|ledger| ledger.create_pool_cidr(&spec(name, text), &Planned::Unknown)).unwrap();
    let (a, b) = (made(Some("a"), "/24"), made(None, "10.0.9.0/24"));
    let mut rename = |id: &str, name: Option<&str>| {
        let renamed = world.write(|ledger| ledger.rename_pool_cidr(id, name));
        world.check();
        renamed
    };
    let taken = rename(&b.meta.id, Some("a")).unwrap_err();
    assert!(matches!(taken, Error::NameTaken { .. }), "{taken:?}");
    let renamed = rename(&a.meta.id, Some("c")).unwrap();
    assert_eq!((renamed.meta.name.as_str(), renamed.cidr), ("c", a.cidr));
    assert_eq!(rename(&a.meta.id, Some("c")).unwrap(), renamed);
    assert_eq!(rename(&b.meta.id, Some("a")).unwrap().meta.name, "a");
    assert_eq!(rename(&b.meta.id, None).unwrap().meta.name, "10.0.9.0/24");
    let inline = world.read(|reader| reader.list_pool_cidrs(&pool.meta.id, false)).unwrap().remove(0);
    let fixed = world.write(|ledger| ledger.rename_pool_cidr(&inline.meta.id, Some("x"))).unwrap_err();
    assert!(matches!(fixed, Error::Fixed { .. }), "{fixed:?}");
}
