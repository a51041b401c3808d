//! The fifteen known problems of users of AWS IPAM, and how the provider solves each. The numbers are those of the
//! guide: the first is the destroy that hangs, the last is the missing feature.

use std::collections::BTreeSet;
use std::thread;

use terraform_provider_ipam::backend::explain;
use terraform_provider_ipam::backend::prelude::*;
use terraform_provider_ipam::ipam::{
    AllocationChange, Error, Family, Planned, PoolCidrSpec, Provision, PublicIpSource, Size, SourceResource,
    SourceResourceType, Tags,
};

use super::endpoint::{Delay, Kind, Script, Trouble};
use super::provider_client::{
    allocate, allocation_spec, as_account, asked, change_of, cidr, cidrs, client_of, impatient, pool_spec, tags, tree,
};
use super::scene::{ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Scene, text};

#[test]
fn problem_1_a_destroy_waits_for_space_that_aws_releases_late_and_names_its_holder() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    scene.endpoint.take(&leaf.meta.id, "vpc", "vpc-1", "10.0.1.0/24");
    scene.endpoint.script(Script { release: Delay::Reads(2), ..Script::at_once() });
    scene.endpoint.resource_gone("vpc-1");
    let mut words = Vec::new();
    while let Err(error) = ipam.delete_pool(&leaf.meta.id, false) {
        assert!(matches!(error, Error::Pending(_)), "{error:?}");
        words.push(explain(&error).detail);
    }
    assert!(words[0].contains("10.0.1.0/24") && words[0].contains("vpc-1"), "{words:?}");
    assert_eq!(ipam.get_pool(&leaf.meta.id).unwrap(), None);
    scene.is_sound();
}

#[test]
fn problem_1_a_custom_allocation_is_gone_when_its_release_is_done() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    scene.endpoint.script(Script { release: Delay::Reads(3), ..Script::at_once() });
    ipam.delete_allocation(&web.meta.id).unwrap();
    assert!(scene.allocated(&leaf.meta.id).is_empty());
    scene.is_sound();
}

#[test]
fn problem_4_previews_of_one_apply_are_apart_and_so_are_allocations_at_once() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let shown = ipam.preview_next(&leaf.meta.id, Some(24), &[cidr("10.0.1.0/24")], 3).unwrap();
    assert_eq!(shown, ["10.0.0.0/24", "10.0.2.0/24", "10.0.3.0/24"].map(cidr));
    assert!(scene.allocated(&leaf.meta.id).is_empty());
    let (ipam, leaf) = (&ipam, &leaf);
    let made: BTreeSet<_> = thread::scope(|scope| {
        let make = |number: usize| move || allocate(ipam, leaf, &format!("net-{number}"), 24).unwrap().cidr;
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(make(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.len(), 8);
    scene.is_sound();
}

#[test]
fn problem_5_a_new_allocation_that_reads_do_not_show_yet_is_neither_lost_nor_made_twice() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    scene.endpoint.script(Script { read_lag: Delay::Reads(3), ..Script::at_once() });
    allocate(&ipam, &leaf, "web", 24).unwrap();
    assert_eq!(scene.allocated(&leaf.meta.id).len(), 1, "every client sees it");
    // The new allocation counts before lists show it.
    let impatient = impatient(&scene);
    let db = allocate(&impatient, &leaf, "db", 24).unwrap();
    assert_eq!(impatient.get_allocation(&db.meta.id).unwrap().unwrap().meta, db.meta);
    scene.is_sound();
}

#[test]
fn problem_5_a_lost_answer_is_asked_for_again_and_the_space_is_taken_once() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    scene.endpoint.trouble("AllocateIpamPoolCidr", 1, Trouble::LoseAnswer);
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    assert_eq!(scene.allocated(&leaf.meta.id), [web.cidr.to_string()]);
    scene.endpoint.trouble("CreateIpamPool", 1, Trouble::LoseAnswer);
    scene.endpoint.trouble("ProvisionIpamPoolCidr", 1, Trouble::LoseAnswer);
    ipam.create_pool(&pool_spec("b", Some(&top), Provision::NetmaskLength(16)), &Planned::Unknown).unwrap();
    assert_eq!(scene.endpoint.things(Kind::Pool).len(), 3);
    assert_eq!(scene.allocated(&top.meta.id).len(), 2);
    // After the first allocation is deleted, the same name makes a new one.
    ipam.delete_allocation(&web.meta.id).unwrap();
    let again = allocate(&ipam, &leaf, "web", 24).unwrap();
    assert_ne!(again.meta.id, web.meta.id);
    assert_eq!(scene.allocated(&leaf.meta.id).len(), 1);
    scene.is_sound();
}

#[test]
fn problem_8_a_description_changes_in_place() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    let change = AllocationChange {
        name: "www".to_owned(),
        description: Some("renamed".to_owned()),
        tags: tags(&[("team", "net")]),
        disallowed_cidrs: BTreeSet::new(),
        size: web.size,
        lifetime: web.lifetime,
    };
    let changed = ipam.update_allocation(&web.meta.id, &change).unwrap();
    let read = ipam.get_allocation(&web.meta.id).unwrap().unwrap();
    assert_eq!((&read.meta, read.cidr), (&changed.meta, web.cidr));
    assert_eq!(
        (read.meta.name.as_str(), read.description.as_deref(), read.tags),
        ("www", Some("renamed"), change.tags.clone())
    );
    let none = AllocationChange { description: None, tags: Tags::new(), ..change };
    ipam.update_allocation(&web.meta.id, &none).unwrap();
    let read = ipam.get_allocation(&web.meta.id).unwrap().unwrap();
    assert_eq!((read.description, read.tags), (None, Tags::new()));
    assert_eq!(asked(&scene, "AllocateIpamPoolCidr"), 1);
    scene.is_sound();
}

#[test]
fn problem_9_pools_of_one_parent_are_made_one_after_another() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, _) = tree(&ipam);
    scene.endpoint.script(Script { concurrent_creates_max: Some(1), ..Script::default() });
    // Other users change pools at the same time.
    let message = "There are too many concurrent mutations.";
    let crowd = Trouble::Error { code: "ConcurrentMutationLimitExceeded", message };
    scene.endpoint.trouble("CreateIpamPool", 3, crowd);
    let (ipam, top) = (&ipam, &top);
    thread::scope(|scope| {
        for number in 0..6 {
            let spec = pool_spec(&format!("p{number}"), Some(top), Provision::NetmaskLength(16));
            scope.spawn(move || ipam.create_pool(&spec, &Planned::Unknown).unwrap());
        }
    });
    assert_eq!(scene.endpoint.things(Kind::Pool).len(), 8);
    let refused = scene.endpoint.calls().into_iter().filter(|call| {
        call.action == "CreateIpamPool" && call.error.as_deref() == Some("ConcurrentMutationLimitExceeded")
    });
    assert_eq!(refused.count(), 3, "only the injected errors");
    scene.is_sound();
}

#[test]
fn problem_10_the_reason_of_a_failure_is_reported_at_once_with_the_free_space() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let reason = ("cidr-not-available", "The CIDR is not available.");
    scene.endpoint.script(Script {
        provision: Delay::Never,
        provision_failure: Some(reason),
        reason_shows_early: true,
        ..Script::at_once()
    });
    let spec = PoolCidrSpec {
        pool_id: leaf.meta.id.clone(),
        name: Some("more".into()),
        size: Size::NetmaskLength(12),
        proof: None,
    };
    let error = ipam.create_pool_cidr(&spec, &Planned::Unknown).unwrap_err();
    let explanation = explain(&error);
    assert!(explanation.summary.contains("cidr-not-available"), "{explanation:?}");
    for words in
        ["The CIDR is not available.", "\"top\"", "16711680 addresses free", "largest free block is 10.128.0.0/9"]
    {
        assert!(explanation.detail.contains(words), "{explanation:?}");
    }
}

#[test]
fn problem_10_a_pool_that_cannot_get_its_space_is_deleted_again() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, _) = tree(&ipam);
    let spec = pool_spec("large", Some(&top), Provision::NetmaskLength(8));
    let error = ipam.create_pool(&spec, &Planned::Unknown).unwrap_err();
    assert!(matches!(&error, Error::Service(fault) if fault.space.is_some()), "{error:?}");
    assert!(ipam.find_pool("large").unwrap().is_empty());
    let small = pool_spec("large", Some(&top), Provision::NetmaskLength(12));
    ipam.create_pool(&small, &Planned::Unknown).unwrap();
    scene.is_sound();
}

#[test]
fn problem_10_a_change_that_takes_too_long_is_pending_and_resumes() {
    let scene = Scene::new();
    let (top, _) = tree(&client_of(&scene));
    scene.endpoint.script(Script { create: Delay::Reads(3), provision: Delay::Reads(3), ..Script::at_once() });
    let ipam = impatient(&scene);
    let spec = pool_spec("slow", Some(&top), Provision::NetmaskLength(16));
    let mut states = BTreeSet::new();
    let slow = loop {
        match ipam.create_pool(&spec, &Planned::Unknown) {
            Err(Error::Pending(pending)) => states.insert(pending.waits_for),
            made => break made.unwrap(),
        };
    };
    assert_eq!(slow.cidrs.len(), 1);
    let told = ["its state is create-in-progress", "its state is pending-provision"].map(str::to_owned);
    assert_eq!(states, BTreeSet::from(told));
    assert_eq!((asked(&scene, "CreateIpamPool"), asked(&scene, "ProvisionIpamPoolCidr")), (3, 3));
    scene.is_sound();
}

#[test]
fn problem_11_only_real_differences_are_sent() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let changes = || {
        let calls = scene.endpoint.calls();
        let is_change = |action: &str| {
            ["Modify", "Create", "Delete", "Provision", "Deprov"].iter().any(|begin| action.starts_with(begin))
        };
        calls.iter().filter(|call| is_change(&call.action)).map(|call| call.action.clone()).collect::<Vec<_>>()
    };
    let before = changes().len();
    let mut change = change_of(&leaf);
    ipam.update_pool(&leaf.meta.id, &change).unwrap();
    assert_eq!(changes()[before..], [] as [&str; 0]);
    change.tags = tags(&[("team", "net")]);
    ipam.update_pool(&leaf.meta.id, &change).unwrap();
    assert_eq!(changes()[before..], ["CreateTags"]);
    change.tags = Tags::new();
    ipam.update_pool(&leaf.meta.id, &change).unwrap();
    assert_eq!(changes()[before..], ["CreateTags", "DeleteTags"]);
    change.description = Some("words".to_owned());
    ipam.update_pool(&leaf.meta.id, &change).unwrap();
    assert_eq!(changes()[before..], ["CreateTags", "DeleteTags", "ModifyIpamPool"]);
    let modified = scene.endpoint.calls().into_iter().rfind(|call| call.action == "ModifyIpamPool").unwrap();
    let sent: Vec<&String> = modified.parameters.keys().collect();
    assert_eq!(sent, ["Description", "IpamPoolId"]);
    scene.is_sound();
}

#[test]
fn problem_11_options_of_some_pools_are_sent_for_those_and_for_no_other() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let only_aws = ["SourceResource", "PublicIpSource", "AwsService", "PubliclyAdvertisable", "AutoImport"];
    let sent = |action: &str| {
        let call = scene.endpoint.calls().into_iter().rfind(|call| call.action == action).unwrap();
        only_aws.into_iter().filter(|name| call.parameters.contains_key(*name)).collect::<Vec<_>>()
    };
    let (_, leaf) = tree(&ipam);
    assert_eq!(sent("CreateIpamPool"), [] as [&str; 0]);
    let mut public = pool_spec("public", None, Provision::Nothing);
    public.scope_id = Some(text(&scene.ipam["PublicDefaultScopeId"]));
    public.special.public_ip_source = Some(PublicIpSource::Byoip);
    ipam.create_pool(&public, &Planned::Unknown).unwrap();
    assert_eq!(sent("CreateIpamPool"), ["PublicIpSource"], "the default of an IPv4 pool is not sent");
    public.name = "six".to_owned();
    public.address_family = Some(Family::Ipv6);
    public.special.publicly_advertisable = Some(true);
    let six = ipam.create_pool(&public, &Planned::Unknown).unwrap();
    assert_eq!(six.special.publicly_advertisable, Some(true));
    assert_eq!(sent("CreateIpamPool"), ["PublicIpSource", "PubliclyAdvertisable"]);
    // A change of tags only does not modify the pool; a change of `auto_import` does.
    let mut change = change_of(&six);
    change.tags = tags(&[("team", "net")]);
    ipam.update_pool(&six.meta.id, &change).unwrap();
    assert_eq!(asked(&scene, "ModifyIpamPool"), 0);
    let mut change = change_of(&leaf);
    change.auto_import = true;
    assert!(ipam.update_pool(&leaf.meta.id, &change).unwrap().special.auto_import);
    let modified = scene.endpoint.calls().into_iter().rfind(|call| call.action == "ModifyIpamPool").unwrap();
    assert_eq!(modified.parameters.keys().collect::<Vec<_>>(), ["AutoImport", "IpamPoolId"]);
    scene.is_sound();
}

#[test]
fn problem_12_a_vpc_of_another_account_is_never_looked_up_and_the_error_names_account_region_and_share() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let resource = SourceResource {
        resource_id: "vpc-0fedcba9876543210".to_owned(),
        resource_owner: OTHER_ACCOUNT.to_owned(),
        resource_region: AWAY.to_owned(),
        resource_type: SourceResourceType::Vpc,
    };
    let mut spec = pool_spec("theirs", None, Provision::Cidrs(cidrs(&["10.0.0.0/20"])));
    spec.locale = Some(AWAY.to_owned());
    spec.special.source_resource = Some(resource.clone());
    let unseen = explain(&ipam.create_pool(&spec, &Planned::Unknown).unwrap_err());
    for words in ["vpc-0fedcba9876543210", OTHER_ACCOUNT, AWAY, "organization", "shared", "30 minutes"] {
        assert!(unseen.detail.contains(words), "{words}: {unseen:?}");
    }
    scene.endpoint.seed(
        "ipamResourceCidrSet",
        serde_json::json!({
            "ipamScopeId": scene.scope, "resourceId": resource.resource_id, "resourceCidr": "10.0.0.0/20",
            "resourceType": "vpc", "resourceOwnerId": OTHER_ACCOUNT, "resourceRegion": AWAY,
        }),
    );
    let pool = ipam.create_pool(&spec, &Planned::Unknown).unwrap();
    assert_eq!(pool.special.source_resource, Some(resource));
    // The VPC, its account and its Region are in one request, and in no other.
    let calls = scene.endpoint.calls().into_iter();
    let about: BTreeSet<_> = calls
        .filter(|call| serde_json::to_string(&call.parameters).unwrap().contains("vpc-0fedcba9876543210"))
        .map(|call| (call.action, call.account, call.region))
        .collect();
    let only = ("CreateIpamPool".to_owned(), ACCOUNT.to_owned(), HOME.to_owned());
    assert_eq!(about, BTreeSet::from([only]));
    scene.is_sound();
}

#[test]
fn problem_12_a_pool_is_used_in_its_own_region_and_by_an_account_that_only_shares_it() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    let mut spec = pool_spec("far", Some(&top), Provision::NetmaskLength(16));
    spec.locale = Some(AWAY.to_owned());
    let far = ipam.create_pool(&spec, &Planned::Unknown).unwrap();
    let web = allocate(&ipam, &far, "web", 24).unwrap();
    assert!(ipam.get_allocation(&web.meta.id).unwrap().is_some());
    let regions: BTreeSet<String> =
        scene.endpoint.calls().into_iter().filter(|call| call.error.is_none()).map(|call| call.region).collect();
    assert_eq!(regions, BTreeSet::from([HOME.to_owned(), AWAY.to_owned()]));
    ipam.delete_allocation(&web.meta.id).unwrap();
    let other = as_account(&scene, OTHER_ACCOUNT);
    let unknown = allocate(&other, &leaf, "theirs", 24).unwrap_err();
    assert!(matches!(unknown, Error::NotFound { .. }), "{unknown:?}");
    scene.endpoint.share(&leaf.meta.id, OTHER_ACCOUNT);
    let theirs = allocate(&other, &leaf, "theirs", 24).unwrap();
    assert_eq!(theirs.meta.owner, OTHER_ACCOUNT);
    assert_eq!(other.get_allocation(&theirs.meta.id).unwrap().unwrap().meta.owner, OTHER_ACCOUNT);
    other.delete_allocation(&theirs.meta.id).unwrap();
    scene.is_sound();
}

#[test]
fn problem_13_the_error_of_a_block_that_does_not_fit_names_the_holder_of_the_space() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let web = allocate(&ipam, &leaf, "web", 17).unwrap();
    let error = allocate(&ipam, &leaf, "all", 16).unwrap_err();
    let words = explain(&error).detail;
    for part in ["\"web\"", web.meta.id.as_str(), "32768 addresses free", "10.0.128.0/17"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let spec = allocation_spec(&leaf, "same", Size::Cidr(cidr("10.0.3.0/24")));
    let words = explain(&ipam.create_allocation(&spec, &Planned::Unknown).unwrap_err()).detail;
    assert!(words.contains("\"web\""), "{words}");
}

#[test]
fn problem_14_objects_deleted_outside_are_gone_without_an_error() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (top, leaf) = tree(&ipam);
    let web = allocate(&ipam, &leaf, "web", 24).unwrap();
    let block = ipam.list_pool_cidrs(&leaf.meta.id, false).unwrap().remove(0);
    scene.home.call("delete_ipam_pool", serde_json::json!({"IpamPoolId": top.meta.id, "Cascade": true}));
    // A client that has not seen the pools before knows only their ids.
    for ipam in [&ipam, &client_of(&scene)] {
        assert_eq!(ipam.get_allocation(&web.meta.id).unwrap_or_else(|error| panic!("{error:?}")), None);
        assert_eq!(ipam.get_pool_cidr(&block.meta.id).unwrap(), None);
        assert_eq!(ipam.get_pool(&leaf.meta.id).unwrap(), None);
        ipam.delete_allocation(&web.meta.id).unwrap();
        ipam.delete_pool_cidr(&block.meta.id).unwrap();
        ipam.delete_pool(&leaf.meta.id, false).unwrap();
    }
    scene.is_sound();
}

#[test]
fn throttling_is_waited_out() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    scene.endpoint.trouble("AllocateIpamPoolCidr", 2, Trouble::Throttle);
    assert_eq!(allocate(&ipam, &leaf, "web", 24).unwrap().cidr, *cidrs(&["10.0.0.0/24"]).first().unwrap());
    scene.is_sound();
}
