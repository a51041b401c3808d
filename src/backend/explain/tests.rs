//! Every error and its exact text.

mod stores;

use num_bigint::BigUint;

use super::{explain, number, percent};
use crate::ipam::{
    Cidr, Error, Exhausted, Family, Kind, NO_OWNER, NoPool, Occupant, OnlyAws, OnlySelfManaged, PoolSelector, RuleName,
    State, Staying, Unsupported,
};
use crate::ipam::{KeptOff, LostHold, SeenThere, Untreatable};

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn active(kind: Kind, path: &str, id: &str, block: &str) -> Occupant {
    Occupant {
        kind,
        id: id.to_owned(),
        name: path.rsplit('/').next().unwrap().to_owned(),
        owner: "network".to_owned(),
        state: State::Active,
        cidr: Some(cidr(block)),
        hold_expires_at: None,
        path: path.to_owned(),
        run: None,
        is_lease: false,
        is_reservation: false,
        is_resting: false,
    }
}

fn held(kind: Kind, path: &str, id: &str, block: &str) -> Occupant {
    let expiry = "2026-01-01T12:00:00.5Z".parse().unwrap();
    Occupant { state: State::Planned, hold_expires_at: Some(expiry), ..active(kind, path, id, block) }
}

fn exhausted(largest_free: Option<&str>, free: u32, held: u32, disallowed: bool) -> Error {
    Error::PoolExhausted(Exhausted {
        pool_id: "p-1".to_owned(),
        pool_name: "prod".to_owned(),
        netmask_length: 24,
        largest_free: largest_free.map(cidr),
        free: BigUint::from(free),
        resting: BigUint::ZERO,
        first_rest: None,
        reserved: BigUint::ZERO,
        disallowed,
        draining: None,
        held: BigUint::from(held),
        first_expiry: (held > 0).then(|| "2026-01-01T12:00:00Z".parse().unwrap()),
        kept_off: None,
        lost: None,
    })
}

fn netmask_rule(netmask_length: u8) -> Error {
    let (pool_id, pool_name) = ("p-1".to_owned(), "prod".to_owned());
    Error::NetmaskRule { pool_id, pool_name, netmask_length, min: Some(22), max: Some(28) }
}

fn tag_rule(found: Option<&str>) -> Error {
    Error::TagRule {
        pool_id: "p-1".to_owned(),
        pool_name: "prod".to_owned(),
        key: "team".to_owned(),
        required: "web".to_owned(),
        found: found.map(str::to_owned),
    }
}

fn hold_lost(expired: bool, now_held_by: Vec<Occupant>) -> Error {
    Error::HoldLost {
        kind: Kind::Allocation,
        id: "a-1".to_owned(),
        name: "web".to_owned(),
        cidr: Some(cidr("10.0.0.0/24")),
        expired_at: expired.then(|| "2026-01-01T12:00:00Z".parse().unwrap()),
        now_held_by,
    }
}

fn says(error: &Error, summary: &str, detail: &str) {
    let words = explain(error);
    assert_eq!(words.summary, summary, "{error:?}");
    assert_eq!(words.detail, detail, "{error:?}");
    assert!(!words.summary.ends_with('.'), "a summary has no full stop: {summary}");
}

#[test]
fn missing_objects_space_and_sizes_are_explained() {
    says(
        &Error::NotFound { kind: Kind::Pool, id: "p-1".to_owned() },
        "No such pool",
        "There is no pool with id \"p-1\" in this store. It was deleted, it exists only in a plan, or it is in another \
         store. Check the id and the provider's `store`. If it exists only in a plan, apply that plan first, or plan \
         again if its hold has expired.",
    );
    says(
        &Error::PoolEmpty { pool_id: "p-1".to_owned(), pool_name: "prod".to_owned() },
        "Pool \"prod\" has no CIDR",
        "Pool \"prod\" (p-1) has nothing provisioned, so there is nothing to allocate from. Give it `cidrs` or \
         `netmask_length`, or add an `ipam_pool_cidr`.",
    );
    says(
        &Error::NoSize { pool_id: "p-1".to_owned(), pool_name: "prod".to_owned() },
        "No size given",
        "Neither `cidr` nor `netmask_length` is set, and pool \"prod\" (p-1) has no `allocation_default_netmask_length`. \
         Set one of the three.",
    );
}

#[test]
fn a_taken_name_is_reported_with_its_owner() {
    says(
        &name_taken(active(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24"), Some("network")),
        "The name \"web\" is taken",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) exists and belongs to owner \"network\". Choose another name, or \
         bring it into this configuration:\n\n  terraform import ipam_allocation.NAME a-1",
    );
    says(
        &name_taken(
            Occupant { is_reservation: true, ..held(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24") },
            Some("network"),
        ),
        "The name \"web\" is taken",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) is reserved for owner \"network\" until 2026-01-01T12:00:00Z: \
         it is held without a plan. Choose another name, or ask for that block as the same owner. `terraform-provider-ipam release a-1` ends the \
         reservation.",
    );
    says(
        &name_taken(held(Kind::Pool, "top/prod", "p-1", "10.0.0.0/20"), Some("network")),
        "The name \"prod\" is taken",
        "Pool \"top/prod\" (p-1, 10.0.0.0/20) is held for a plan of owner \"network\" until 2026-01-01T12:00:00Z. \
         Choose another name, or wait until that plan is applied. Holds whose plans will not be applied can be \
         released with `terraform-provider-ipam holds release --owner \"network\"`. A hold of your own earlier plan \
         never blocks a plan. If the owner is your own, another resource of this run has asked for the same block or \
         name: plan again, and a resource that was placed by size moves to another block.",
    );
}

#[test]
fn a_lease_of_another_run_is_reported_with_its_end() {
    let lease = Occupant { is_lease: true, ..held(Kind::Allocation, "lab/smoke", "a-1", "10.0.0.0/28") };
    says(
        &name_taken(lease, Some("network")),
        "The name \"smoke\" is taken",
        "Allocation \"lab/smoke\" (a-1, 10.0.0.0/28) is a lease of owner \"network\" until 2026-01-01T12:00:00Z, and ends \
         with that run. Two runs cannot have one lease at the same time. Wait until that run has ended, or give each run a \
         name of its own. If that run is dead, its lease ends at that time, and `terraform-provider-ipam holds release \
         --owner \"network\" --name \"smoke\"` ends it at once.",
    );
}

#[test]
fn an_import_is_recommended_only_for_an_object_of_the_same_owner() {
    let web = || active(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24");
    says(
        &name_taken(web(), Some("team-b")),
        "The name \"web\" is taken",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) exists and belongs to owner \"network\". Choose another name, \
         or ask owner \"network\" to transfer it. A user who may write to the store transfers it with \
         `terraform-provider-ipam transfer a-1 --to \"team-b\"`.",
    );
    let advises =
        |existing: Occupant, asked_by| explain(&name_taken(existing, asked_by)).detail.contains("terraform import");
    assert!(advises(web(), None), "where there are no owners");
    assert!(advises(Occupant { owner: NO_OWNER.into(), ..web() }, Some("team-b")), "objects without an owner");
    assert!(!advises(web(), Some("team-b")));
}

#[test]
fn an_object_that_cannot_be_transferred_is_reported_with_the_reason() {
    let staying = |of: Occupant, why| Error::Staying { of: Box::new(of), why };
    let web = || active(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24");
    says(
        &staying(held(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24"), Staying::Planned),
        "The allocation \"web\" is only planned",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) is held for a plan of owner \"network\" until 2026-01-01T12:00:00Z. It \
         can be transferred once that plan is applied.",
    );
    says(
        &staying(Occupant { cidr: None, ..active(Kind::Scope, "default-private", "s-1", "::/0") }, Staying::Default),
        "The scope \"default-private\" belongs to no configuration",
        "Scope \"default-private\" (s-1) is one of the two default scopes that every store has. It cannot be \
         transferred.",
    );
    says(
        &staying(web(), Staying::OfPool { id: "p-1".to_owned() }),
        "The allocation \"web\" is part of a pool",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) is the space of pool p-1, and is transferred with that pool. \
         Transfer the pool.",
    );
    says(
        &staying(web(), Staying::NotOf { owner: "team-b".to_owned() }),
        "The allocation \"web\" belongs to another owner",
        "Allocation \"top/prod/web\" (a-1, 10.0.0.0/24) belongs to owner \"network\", not to \"team-b\". Nothing was \
         transferred. Ask its owner. To transfer it anyway, name its owner with `--from`.",
    );
}

fn name_taken(existing: Occupant, asked_by: Option<&str>) -> Error {
    Error::NameTaken { existing, asked_by: asked_by.map(str::to_owned) }
}

#[test]
fn an_overlap_names_the_objects_that_overlap() {
    let web = active(Kind::Allocation, "top/prod/web", "a-1", "10.0.0.0/24");
    let api = held(Kind::Allocation, "top/prod/api", "a-2", "10.0.1.0/24");
    says(
        &Error::Overlap { cidr: cidr("10.0.0.0/23"), with: vec![web, api.clone()] },
        "10.0.0.0/23 overlaps space that is taken",
        "10.0.0.0/23 shares addresses with:\n\n  - 10.0.0.0/24, allocation \"top/prod/web\" (a-1), of owner \"network\", \
         active\n  - 10.0.1.0/24, allocation \"top/prod/api\" (a-2), of owner \"network\", planned, held until \
         2026-01-01T12:00:00Z\n\nChoose another block, or give `netmask_length` instead of `cidr` and let the pool choose.",
    );
    says(
        &Error::Overlap { cidr: cidr("10.0.1.0/24"), with: vec![api] },
        "10.0.1.0/24 overlaps space that is taken",
        "10.0.1.0/24 shares addresses with:\n\n  - 10.0.1.0/24, allocation \"top/prod/api\" (a-2), of owner \
         \"network\", planned, held until 2026-01-01T12:00:00Z\n\nChoose another block, or wait until these plans are \
         applied. Holds whose plans will not be applied can be released with `terraform-provider-ipam holds release \
         --owner \"network\"`. A hold of your own earlier plan never blocks a plan. If the owner is your own, another \
         resource of this run has asked for the same block or name: plan again, and a resource that was placed by size \
         moves to another block.",
    );
    says(
        &Error::Overlap { cidr: cidr("10.0.0.0/8"), with: vec![active(Kind::Pool, "lab", "p-2", "10.64.0.0/10")] },
        "10.0.0.0/8 overlaps space that is taken",
        "10.0.0.0/8 shares addresses with:\n\n  - 10.64.0.0/10, pool \"lab\" (p-2), of owner \"network\", active\n\nChoose \
         another block, or use another scope: scopes may hold the same addresses.",
    );
}

#[test]
fn an_overlap_with_another_new_object_of_a_plan_without_holds_names_it_without_id_and_hold() {
    let sibling = |path: &str, block: &str| held(Kind::Allocation, path, "", block);
    says(
        &Error::Overlap { cidr: cidr("10.0.0.0/23"), with: vec![sibling("top/web", "10.0.0.0/24")] },
        "10.0.0.0/23 overlaps space that is taken",
        "10.0.0.0/23 shares addresses with:\n\n  - 10.0.0.0/24, allocation \"top/web\", which this plan creates too\n\nChoose \
         another block for one of them.",
    );
    let there = active(Kind::Allocation, "top/api", "a-2", "10.0.1.0/24");
    says(
        &Error::Overlap { cidr: cidr("10.0.0.0/23"), with: vec![sibling("top/web", "10.0.0.0/24"), there] },
        "10.0.0.0/23 overlaps space that is taken",
        "10.0.0.0/23 shares addresses with:\n\n  - 10.0.0.0/24, allocation \"top/web\", which this plan creates too\n  - \
         10.0.1.0/24, allocation \"top/api\" (a-2), of owner \"network\", active\n\nChoose another block, or give \
         `netmask_length` instead of `cidr` and let the pool choose.",
    );
}

#[test]
fn a_block_outside_names_what_the_pool_has() {
    let outside = |provisioned: &[&str]| Error::OutsidePool {
        cidr: cidr("10.9.0.0/24"),
        pool_id: "p-1".to_owned(),
        pool_name: "prod".to_owned(),
        provisioned: provisioned.iter().map(|block| cidr(block)).collect(),
    };
    let detail = |has: &str| {
        format!(
            "10.9.0.0/24 was asked for from pool \"prod\" (p-1), which has {has}. A block must lie inside one CIDR of \
             its pool: choose a block that does, or provision more space."
        )
    };
    says(&outside(&[]), "10.9.0.0/24 is outside the pool", &detail("no CIDR"));
    says(&outside(&["10.0.0.0/20"]), "10.9.0.0/24 is outside the pool", &detail("10.0.0.0/20"));
    let both = outside(&["10.0.0.0/20", "10.1.0.0/20"]);
    says(&both, "10.9.0.0/24 is outside the pool", &detail("10.0.0.0/20, 10.1.0.0/20"));
}

#[test]
fn an_exhausted_pool_reports_reserved_addresses() {
    let with_reserved = |largest: Option<&str>| match exhausted(largest, 100, 0, false) {
        Error::PoolExhausted(found) => Error::PoolExhausted(Exhausted { reserved: BigUint::from(68u8), ..found }),
        other => other,
    };
    let summary = "Pool \"prod\" has no free /24";
    says(
        &with_reserved(Some("10.0.0.32/27")),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). 100 addresses are free; the largest free block is 10.0.0.32/27 \
         (32.0% of the free space), and a /24 needs 256 addresses in one block. 68 of the free addresses are \
         reserved by the rules of the pool. Ask for a smaller block, provision more space, or release allocations.",
    );
    says(
        &with_reserved(None),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). Only reserved addresses are free in it. Provision more space, or \
         release allocations.",
    );
}

#[test]
fn an_exhausted_pool_reports_free_space_that_is_draining() {
    let Error::PoolExhausted(found) = exhausted(Some("10.0.0.0/23"), 512, 0, false) else { panic!() };
    says(
        &Error::PoolExhausted(Exhausted { draining: Some(Box::new(cidr("10.0.0.0/24"))), ..found }),
        "Pool \"prod\" has no free /24",
        "A /24 was asked for from pool \"prod\" (p-1). 512 addresses are free, and 10.0.0.0/24 is large enough, but it is \
         in a CIDR that the pool drains (`draining_cidrs`): allocations by size get nothing there. Provision more space, \
         set `cidr` for one particular block, or remove CIDRs from `draining_cidrs` of the pool.",
    );
}

#[test]
fn pools_that_cannot_be_chosen_are_named_with_the_reason() {
    let no_pool = |why| Error::NoPool(Box::new(why));
    let tags = [("env".to_owned(), "prod".to_owned())].into();
    let selector = PoolSelector { tags, locale: Some("eu-west-1".to_owned()), ..PoolSelector::default() };
    says(
        &no_pool(NoPool::NoMatch { selector }),
        "No pool matches",
        "There is no pool with the tag \"env\" = \"prod\" and the locale \"eu-west-1\". A pool that the same \
         configuration creates counts only if `depends_on` names it. Change the selector, or create such a pool.",
    );
}

#[test]
fn an_exhausted_pool_reports_the_free_space_that_is_left() {
    let summary = "Pool \"prod\" has no free /24";
    says(
        &exhausted(Some("10.0.3.0/26"), 256, 512, false),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). 256 addresses are free; the largest free block is 10.0.3.0/26 \
         (25.0% of the free space), and a /24 needs 256 addresses in one block. 512 addresses are held by plans of \
         other owners or of this run; the first hold expires at 2026-01-01T12:00:00Z. Ask for a smaller block, \
         provision more space, or release allocations.",
    );
    says(
        &exhausted(Some("10.0.3.7/32"), 1, 1, false),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). 1 address is free; the largest free block is 10.0.3.7/32 (100.0% of \
         the free space), and a /24 needs 256 addresses in one block. 1 address is held by plans of other owners or of \
         this run; the first hold expires at 2026-01-01T12:00:00Z. Ask for a smaller block, provision more space, or \
         release allocations.",
    );
    says(
        &exhausted(None, 0, 0, false),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). Nothing is free in it. Provision more space, or release allocations.",
    );
    says(
        &exhausted(Some("10.0.2.0/23"), 512, 0, true),
        summary,
        "A /24 was asked for from pool \"prod\" (p-1). 512 addresses are free, and the largest free block is \
         10.0.2.0/23, but `disallowed_cidrs` rules out every block that is large enough. Remove blocks from \
         `disallowed_cidrs`, or provision more space.",
    );
}

#[test]
fn a_broken_rule_is_named_with_its_value() {
    says(
        &netmask_rule(20),
        "/20 is larger than the pool allows",
        "A /20 was asked for from pool \"prod\" (p-1), whose `allocation_min_netmask_length` is 22: a /22 is the largest \
         block it gives out. Ask for /22 or longer, or change the rule.",
    );
    says(
        &netmask_rule(30),
        "/30 is smaller than the pool allows",
        "A /30 was asked for from pool \"prod\" (p-1), whose `allocation_max_netmask_length` is 28: a /28 is the smallest \
         block it gives out. Ask for /28 or shorter, or change the rule.",
    );
    says(
        &tag_rule(None),
        "The tag \"team\" is missing",
        "Pool \"prod\" (p-1) requires the tag \"team\" to be \"web\" on every allocation (`allocation_resource_tags`), and \
         there is no such tag. Set it in `tags`, or in `default_tags` of the provider.",
    );
    says(
        &tag_rule(Some("db")),
        "The tag \"team\" has a value the pool refuses",
        "Pool \"prod\" (p-1) requires the tag \"team\" to be \"web\" on every allocation (`allocation_resource_tags`), and \
         it is \"db\". Set it in `tags`, or in `default_tags` of the provider.",
    );
    says(
        &Error::BadRules { rule: RuleName::DefaultNetmaskLength, why: "30 is longer than the maximum, 28".to_owned() },
        "allocation_default_netmask_length cannot be used",
        "30 is longer than the maximum, 28. Change `allocation_default_netmask_length`.",
    );
}

#[test]
fn contradictions_in_the_configuration_are_explained() {
    says(
        &Error::NetmaskRange { netmask_length: 40, family: Family::Ipv4 },
        "/40 is not possible here",
        "A netmask length of 40 was asked for. IPv4 netmask lengths are 0 to 32, and a block cannot be larger than the \
         block that it is taken from. Use a longer netmask length within that range.",
    );
    says(
        &Error::FamilyMismatch { cidr: Some(cidr("fd00::/48")), expected: Family::Ipv4, found: Family::Ipv6 },
        "Address families are mixed",
        "fd00::/48 is IPv6, but IPv4 is needed here: a pool and everything in it has one address family. Use IPv4 blocks, \
         or a second pool for IPv6.",
    );
    says(
        &Error::NoFamily,
        "The pool's address family is not given",
        "A top-level pool without `cidrs` can be of either family. Set `address_family` to \"ipv4\" or \"ipv6\".",
    );
    says(
        &Error::NoSourcePool,
        "A top-level pool needs explicit CIDRs",
        "`netmask_length` takes a block out of a source pool, and this pool has none. Give the blocks in `cidrs`, or set \
         `source_ipam_pool_id`.",
    );
    says(
        &Error::OwnOverlap { a: cidr("10.0.0.0/8"), b: cidr("10.1.0.0/16") },
        "10.0.0.0/8 and 10.1.0.0/16 overlap",
        "Both were given for the same pool. Keep one of 10.0.0.0/8 and 10.1.0.0/16.",
    );
    says(
        &Error::TooDeep { limit: 10 },
        "The pool tree is too deep",
        "Pools can be nested 10 levels deep. Use a source pool nearer to the top.",
    );
}

#[test]
fn arguments_that_must_agree_with_the_source_pool_or_cannot_change_are_explained() {
    says(
        &Error::LocaleMismatch {
            source_pool_id: "p-1".to_owned(),
            source_locale: "eu-west-1".to_owned(),
            asked: "us-east-1".to_owned(),
        },
        "Locale \"us-east-1\" differs from the source pool's",
        "Source pool p-1 has locale \"eu-west-1\", and all pools below it have the same locale. Leave `locale` out or \
         set it to \"eu-west-1\", or choose another source pool.",
    );
    says(
        &Error::Across {
            cidr: cidr("10.0.0.0/16"),
            contents: vec![active(Kind::Allocation, "top/web", "a-1", "10.0.0.0/16")],
            more: 0,
        },
        "10.0.0.0/16 cannot be split",
        "Each allocation must lie inside one of the new blocks. These lie across several blocks:\n\n  - 10.0.0.0/16, \
         allocation \"top/web\" (a-1), of owner \"network\", active\n\nRelease these first, or split 10.0.0.0/16 into \
         blocks that contain them.",
    );
    says(
        &Error::LocalesBelow {
            asked: "us-east-1".to_owned(),
            below: vec![(active(Kind::Pool, "top/eu", "p-2", "10.0.0.0/16"), "eu-west-1".to_owned())],
            more: 2,
        },
        "Pools below have another locale",
        "The pool cannot have locale \"us-east-1\": all pools below it must have the same locale, and these have \
         another one:\n\n  - pool \"top/eu\" (p-2), of owner \"network\", with locale \"eu-west-1\"\n  - and 2 \
         more\n\nSet `locale` to \"us-east-1\" on these pools and apply that first, or leave `locale` out here.",
    );
    says(
        &Error::ScopeMismatch {
            source_pool_id: "p-1".to_owned(),
            source_scope_id: "s-1".to_owned(),
            asked: "s-2".to_owned(),
        },
        "The source pool is in another scope",
        "Source pool p-1 is in scope s-1, but scope s-2 was asked for. A pool is in its source pool's scope: leave \
         `ipam_scope_id` out, or choose another source pool.",
    );
    says(
        &Error::DefaultScope { id: "s-1".to_owned() },
        "A default scope cannot be deleted",
        "Scope s-1 is one of the two default scopes that every store has. To stop managing it with Terraform, use \
         `terraform state rm` or a `removed` block.",
    );
    says(
        &Error::Fixed { kind: Kind::Scope, id: "s-1".to_owned(), what: "scope type" },
        "The scope type of a scope cannot be changed",
        "The scope type of scope s-1 is fixed when the scope is created. Set it back to its old value, or replace the \
         object (`terraform apply -replace=...`).",
    );
}

#[test]
fn contents_are_listed() {
    let contents = vec![active(Kind::Allocation, "prod/web", "a-1", "10.0.0.0/24")];
    says(
        &Error::InUse { kind: Kind::Pool, id: "p-1".to_owned(), name: "prod".to_owned(), contents, more: 7 },
        "Pool \"prod\" is not empty",
        "Pool \"prod\" (p-1) still contains:\n\n  - 10.0.0.0/24, allocation \"prod/web\" (a-1), of owner \"network\", \
         active\n  - and 7 more\n\nDelete these first, or set `cascade = true` on the pool and apply that before \
         deleting it.",
    );
}

#[test]
fn the_text_about_a_lost_hold_advises_to_plan_again() {
    let thief = active(Kind::Allocation, "prod/api", "a-2", "10.0.0.0/24");
    says(
        &hold_lost(true, vec![thief]),
        "The plan's hold for allocation \"web\" is gone",
        "The plan showed allocation \"web\" (a-1) with 10.0.0.0/24. Its hold expired at 2026-01-01T12:00:00Z. The space is \
         now taken by:\n\n  - 10.0.0.0/24, allocation \"prod/api\" (a-2), of owner \"network\", active\n\nNothing was \
         changed. Plan again; a longer `plan_hold` in the provider block gives more time between plan and apply.",
    );
    says(
        &hold_lost(false, Vec::new()),
        "The plan's hold for allocation \"web\" is gone",
        "The plan showed allocation \"web\" (a-1). A later plan of the same owner took its place, it was released, or the \
         plan could not write it. Nothing was changed. Plan again; a longer `plan_hold` in the provider block gives more time between plan and apply.",
    );
}

#[test]
fn large_counts_are_powers_of_two() {
    let two = BigUint::from(2u8);
    assert_eq!(number(&BigUint::ZERO), "0");
    assert_eq!(number(&BigUint::from(16_777_216u32)), "16777216");
    assert_eq!(number(&two.pow(80)), "2^80");
    assert_eq!(number(&(two.pow(80) + 1u8)), "over 2^80");
    assert_eq!(percent(&BigUint::from(1u8), &two.pow(128)), "<0.1%");
    assert_eq!(percent(&BigUint::ZERO, &two.pow(128)), "0.0%");
    assert_eq!(percent(&(two.pow(128) - 1u8), &two.pow(128)), ">99.9%");
    let thousand = |part: u32| percent(&BigUint::from(part), &BigUint::from(100_000u32));
    assert_eq!([6_249, 6_250, 99_949, 99_950].map(thousand), ["6.2%", "6.3%", "99.9%", ">99.9%"]);
    assert_eq!(percent(&two.pow(127), &two.pow(128)), "50.0%");
    assert_eq!(percent(&BigUint::ZERO, &BigUint::ZERO), "0.0%");
}

#[test]
fn errors_about_discovered_resources_say_what_to_do() {
    says(
        &Error::NoLocale,
        "auto_import needs a locale",
        "A pool imports discovered resources from one Region, its `locale`, and this pool has no locale. Set `locale` \
         to that Region, or leave `auto_import` out.",
    );
    says(
        &Error::NoDiscovery,
        "The store has no resource discovery",
        "Without a resource discovery, no resources are found. Add an `ipam_resource_discovery`, apply it, and run the \
         `discover` command.",
    );
    let there = vec![("d-1".to_owned(), "prod".to_owned()), ("d-2".to_owned(), String::new())];
    says(
        &Error::ManyDiscoveries { there },
        "There are several resource discoveries",
        "Give the id of one of them:\n  - d-1 (\"prod\")\n  - d-2",
    );
    let of = crate::ipam::discovery::types::ResourceCidrId {
        resource_id: "vpc-1".to_owned(),
        cidr: cidr("10.0.0.0/16"),
        region: "us-east-1".to_owned(),
    };
    let cannot = |why| Error::Untreatable { of: Box::new(of.clone()), why };
    says(
        &cannot(Untreatable::NotSeen),
        "vpc-1 was not found with 10.0.0.0/16",
        "No resource discovery has found vpc-1 with 10.0.0.0/16 in us-east-1. Check the id, the CIDR and the Region. \
         If the resource is newer than the last scan, run the `discover` command.",
    );
    says(
        &cannot(Untreatable::Public),
        "10.0.0.0/16 is public space",
        "vpc-1 has 10.0.0.0/16 in the public scope. CIDRs in the public scope cannot be ignored or moved. Remove the \
         `ipam_resource_cidr`.",
    );
    says(
        &cannot(Untreatable::NotVpc),
        "Only the CIDR of a VPC can move",
        "vpc-1 is not a VPC. The CIDRs inside a VPC move to another scope together with the CIDR of that VPC. Leave \
         `ipam_scope_id` out, or move the CIDR of the VPC.",
    );
    says(
        &cannot(Untreatable::PublicScope),
        "10.0.0.0/16 cannot move to a public scope",
        "vpc-1 has 10.0.0.0/16 in a private scope. Set `ipam_scope_id` to a private scope.",
    );
}

#[test]
fn a_pool_with_space_of_discovered_resources_names_these_resources() {
    let seen = |id: &str, block: &str| SeenThere {
        resource_id: id.to_owned(),
        cidr: cidr(block),
        account_id: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let with = |kept: KeptOff| {
        let mut error = exhausted(Some("10.0.0.0/23"), 512, 0, false);
        if let Error::PoolExhausted(Exhausted { kept_off, .. }) = &mut error {
            *kept_off = Some(Box::new(kept));
        }
        error
    };
    let advice = "Provision more space, ask for a smaller block, or set `cidr` if the allocation is for a resource \
                  that is already there. To let allocations by size use the space of a resource, ignore its CIDR with \
                  `ipam_resource_cidr`.";
    says(
        &with(KeptOff {
            block: cidr("10.0.0.0/24"),
            seen: vec![seen("vpc-1", "10.0.0.0/25"), seen("vpc-2", "10.0.0.0/16")],
            largest: Some(cidr("10.0.0.128/25")),
        }),
        "Pool \"prod\" has no free /24",
        &format!(
            "A /24 was asked for from pool \"prod\" (p-1). 512 addresses are free, and the largest free block is \
             10.0.0.0/23. 10.0.0.0/24 is large enough, but allocations by size avoid the space of discovered \
             resources: vpc-1 (10.0.0.0/25, account 111122223333, us-east-1), vpc-2 (10.0.0.0/16, account \
             111122223333, us-east-1). Outside the space of discovered resources, the largest free block is \
             10.0.0.128/25. {advice}"
        ),
    );
    says(
        &with(KeptOff { block: cidr("10.0.0.0/24"), seen: vec![], largest: None }),
        "Pool \"prod\" has no free /24",
        &format!(
            "A /24 was asked for from pool \"prod\" (p-1). 512 addresses are free, and the largest free block is \
             10.0.0.0/23. 10.0.0.0/24 is large enough, but allocations by size avoid the space of discovered \
             resources. {advice}"
        ),
    );
}

#[test]
fn features_that_only_aws_has_are_refused_with_an_alternative() {
    for (what, summary, instead) in [
        (OnlyAws::SourceResource, "This store has no VPCs", "set `cidrs` of the pool to the CIDR of the VPC"),
        (OnlyAws::PublicIpSource, "This store has no Amazon-provided addresses", "put the pool into a public scope"),
        (
            OnlyAws::AwsService,
            "No AWS service takes addresses from this store",
            "`allocation_resource_tags` can restrict",
        ),
        (OnlyAws::PubliclyAdvertisable, "This store does not advertise addresses", "record the fact in `tags`"),
        (OnlyAws::IpamId, "This store has no IPAM objects", "a second provider block with another `store`"),
        (OnlyAws::CidrProof, "This store does not verify public blocks", "`cidr_authorization_context`"),
    ] {
        let explanation = explain(&Error::Unsupported { what: Unsupported::OnlyAws(what) });
        assert_eq!(explanation.summary, summary);
        assert!(explanation.detail.contains(instead) && explanation.detail.contains("eave"), "{explanation:?}");
    }
}

#[test]
fn a_full_pool_names_the_object_that_has_the_block_of_an_earlier_plan() {
    let with = |hold: LostHold| {
        let mut error = exhausted(None, 0, 0, false);
        if let Error::PoolExhausted(Exhausted { lost, .. }) = &mut error {
            *lost = Some(Box::new(hold));
        }
        error
    };
    let expired_at = Some("2026-01-01T12:00:00Z".parse().unwrap());
    let asked = "A /24 was asked for from pool \"prod\" (p-1). Nothing is free in it.";
    let advice = "If you are applying that plan, nothing was changed: free space in the pool and plan again. Provision \
                  more space, or release allocations.";
    let now_held_by = vec![active(Kind::Allocation, "prod/quick", "alloc-1", "10.0.0.0/24")];
    says(
        &with(LostHold { cidr: Some(cidr("10.0.0.0/24")), expired_at, now_held_by }),
        "Pool \"prod\" has no free /24",
        &format!(
            "{asked} An earlier plan held 10.0.0.0/24 for this until 2026-01-01T12:00:00Z. These objects have it \
             now:\n\n  - 10.0.0.0/24, allocation \"prod/quick\" (alloc-1), of owner \"network\", active\n\n{advice}"
        ),
    );
    says(
        &with(LostHold { cidr: None, expired_at: None, now_held_by: vec![] }),
        "Pool \"prod\" has no free /24",
        &format!(
            "{asked} An earlier plan held space for this. The block has gone to another object since then. {advice}"
        ),
    );
}

#[test]
fn the_error_of_a_member_names_it_before_the_words_for_an_allocation() {
    let error = exhausted(None, 0, 0, false);
    let of_member = Error::OfMember { key: "web".into(), error: Box::new(error.clone()) };
    let of_allocation = explain(&error);
    says(&of_member, &format!("Member \"web\": {}", of_allocation.summary), &of_allocation.detail);
    says(
        &Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::AllocationSets) },
        "AWS IPAM has no allocation sets",
        "AWS makes each allocation by itself, so it cannot make all members of a set or none. Use one `ipam_allocation` \
         with `for_each` for the members.",
    );
}

#[test]
fn aws_has_its_own_order_of_the_cidrs() {
    says(
        &Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::CidrOrder) },
        "AWS IPAM fills the CIDRs of a pool in its own order",
        "AWS decides which free block an allocation by size gets, whatever CIDR it is in. Leave `cidr_priorities` and \
         `draining_cidrs` out. To choose the block yourself, set `cidr`.",
    );
}
