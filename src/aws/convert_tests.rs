use super::*;
use crate::ipam::Word;

fn tag(key: &str, value: &str) -> ec2::Tag {
    ec2::Tag::builder().key(key).value(value).build()
}

fn raw_pool() -> ec2::builders::IpamPoolBuilder {
    ec2::IpamPool::builder()
        .ipam_pool_id("ipam-pool-1")
        .owner_id("111122223333")
        .ipam_scope_arn("arn:aws:ec2::111122223333:ipam-scope/ipam-scope-1")
        .address_family(ec2::AddressFamily::Ipv4)
        .locale("None")
        .pool_depth(1)
}

#[test]
fn a_scope_is_named_by_its_tag_or_by_its_type() {
    let raw = || ec2::IpamScope::builder().ipam_scope_id("ipam-scope-1").owner_id("111122223333");
    let named = |raw: ec2::builders::IpamScopeBuilder| scope(&raw.build()).unwrap().meta.name;
    assert_eq!(named(raw().tags(tag("Name", "lab"))), "lab");
    assert_eq!(named(raw().tags(tag("Name", " "))), "ipam-scope-1");
    assert_eq!(named(raw()), "ipam-scope-1");
    let default = || raw().is_default(true);
    assert_eq!(named(default().ipam_scope_type(ec2::IpamScopeType::Private)), "default-private");
    assert_eq!(named(default().ipam_scope_type(ec2::IpamScopeType::Public)), "default-public");
    let found = scope(&raw().description("").tags(tag("Name", "lab")).tags(tag("team", "net")).build()).unwrap();
    assert_eq!((found.description, found.tags), (None, Tags::from([("team".to_owned(), "net".to_owned())])));
    assert_eq!(
        (found.meta.owner.as_str(), found.meta.confirmed, found.meta.state),
        ("111122223333", true, State::Active)
    );
}

#[test]
fn a_pool_has_its_rules_and_its_place() {
    let raw = raw_pool()
        .source_ipam_pool_id("ipam-pool-0")
        .locale("eu-west-1")
        .pool_depth(3)
        .description("words")
        .allocation_min_netmask_length(20)
        .allocation_max_netmask_length(28)
        .allocation_default_netmask_length(24)
        .allocation_resource_tags(ec2::IpamResourceTag::builder().key("team").value("net").build())
        .tags(tag("Name", "prod"))
        .build();
    let found = pool(&raw, &BTreeSet::new()).unwrap();
    assert_eq!((found.meta.name.as_str(), found.scope_id.as_str()), ("prod", "ipam-scope-1"));
    assert_eq!(found.source_pool_id.as_deref(), Some("ipam-pool-0"));
    assert_eq!((found.depth, found.locale.as_deref()), (3, Some("eu-west-1")));
    let required_tags = Tags::from([("team".to_owned(), "net".to_owned())]);
    let rules = Rules {
        min_netmask_length: Some(20),
        max_netmask_length: Some(28),
        default_netmask_length: Some(24),
        required_tags,
        ..Rules::default()
    };
    assert_eq!((found.rules, found.description.as_deref()), (rules, Some("words")));
    assert_eq!((found.provision, found.cidrs), (Provision::Nothing, BTreeSet::new()));
}

#[test]
fn bounds_that_allow_everything_and_the_locale_none_count_as_absent() {
    for (family, all) in [(ec2::AddressFamily::Ipv4, 32), (ec2::AddressFamily::Ipv6, 128)] {
        let raw = raw_pool().address_family(family).allocation_min_netmask_length(0).allocation_max_netmask_length(all);
        let found = pool(&raw.build(), &BTreeSet::new()).unwrap();
        assert_eq!((found.rules, found.locale), (Rules::default(), None));
    }
}

#[test]
fn the_declared_blocks_of_a_pool_are_the_marked_blocks_that_exist() {
    let blocks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<BTreeSet<Cidr>>();
    let present = blocks(&["10.0.0.0/16", "10.2.0.0/16"]);
    let raw = raw_pool().tags(tag("ipam:cidrs", "10.0.0.0/16 10.1.0.0/16")).build();
    let found = pool(&raw, &present).unwrap();
    assert_eq!(
        (&found.cidrs, &found.provision),
        (&blocks(&["10.0.0.0/16"]), &Provision::Cidrs(blocks(&["10.0.0.0/16"])))
    );
    assert_eq!(found.tags, Tags::new());
    let sized = raw_pool().tags(tag("ipam:netmask-length", "16")).tags(tag("ipam:cidrs", "10.2.0.0/16")).build();
    let found = pool(&sized, &present).unwrap();
    assert_eq!((found.cidrs, found.provision), (blocks(&["10.2.0.0/16"]), Provision::NetmaskLength(16)));
    let raw = |cidr: &str| ec2::IpamPoolCidr::builder().ipam_pool_cidr_id("ipam-pool-cidr-1").cidr(cidr).build();
    let owner = pool(&sized, &present).unwrap();
    let of = |cidr: &str| pool_cidr(&raw(cidr), &owner).unwrap();
    assert_eq!((of("10.2.0.0/16").inline, of("10.0.0.0/16").inline), (true, false));
    assert_eq!(of("10.0.0.0/16").meta.id, "ipam-pool-cidr-1_ipam-pool-1");
}

#[test]
fn an_allocation_has_the_resource_type_that_aws_reports() {
    for (word, kind) in [
        ("custom", ResourceType::Custom),
        ("ipam-pool", ResourceType::IpamPool),
        ("vpc", ResourceType::Vpc),
        ("subnet", ResourceType::Subnet),
        ("eip", ResourceType::Eip),
        ("ec2-public-ipv4-pool", ResourceType::Ec2PublicIpv4Pool),
        ("anycast-ip-list", ResourceType::AnycastIpList),
        ("a-word-of-next-year", ResourceType::Unlisted(Word::from_text("a-word-of-next-year"))),
    ] {
        let raw = ec2::IpamPoolAllocation::builder()
            .ipam_pool_allocation_id("ipam-pool-alloc-1")
            .cidr("10.0.0.0/24")
            .resource_type(word.into())
            .resource_id("it-1")
            .build();
        let found = allocation(&raw, "ipam-pool-1").unwrap();
        assert_eq!((found.resource_type, found.meta.name.as_str()), (kind, "it-1"));
        assert_eq!(found.meta.id, "ipam-pool-alloc-1_ipam-pool-1");
        assert_eq!(parts(&found.meta.id), ("ipam-pool-alloc-1", Some("ipam-pool-1")));
    }
}

#[test]
fn an_answer_without_a_required_value_is_an_error() {
    let raw = ec2::IpamPoolAllocation::builder().ipam_pool_allocation_id("ipam-pool-alloc-1").build();
    let error = allocation(&raw, "ipam-pool-1").unwrap_err();
    assert!(matches!(&error, crate::ipam::Error::Service(fault) if fault.message.contains("no CIDR")), "{error:?}");
}
