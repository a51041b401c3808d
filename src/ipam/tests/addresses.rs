//! Address sets: names of single addresses in an allocation.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::testing::*;
use crate::ipam::{
    AddressAnswer, AddressChange, AddressFault, AddressRequest, AddressWishes, Allocation, AllocationSpec, Error,
    Lifetime, Loan, Overdue, Planned, Rules, Stays, address_block,
};

/// The request for a set: members with addresses, or `""` for any.
fn wish(allocation: &Allocation, name: &str, members: &[(&str, &str)]) -> AddressRequest {
    let members = members.iter().map(|(member, text)| ((*member).to_owned(), text.parse().ok())).collect();
    let wishes = AddressWishes { family: allocation.cidr.family(), becomes: None, members };
    AddressRequest {
        name: name.to_owned(),
        id: None,
        wishes: BTreeMap::from([(allocation.meta.id.clone(), wishes)]),
        replaces: None,
        given_up: BTreeSet::new(),
        relies_on_hold: false,
    }
}

/// The request for other members of a set.
fn changed(allocation: &Allocation, set: &AddressAnswer, members: &[(&str, &str)]) -> AddressRequest {
    AddressRequest { id: Some(set.id.clone()), ..wish(allocation, &set.name, members) }
}

/// What an apply asks for after a plan.
fn as_shown(request: &AddressRequest, shown: &AddressAnswer) -> AddressChange {
    let mut request = AddressRequest { id: Some(shown.id.clone()), ..request.clone() };
    for (allocation, wishes) in &mut request.wishes {
        wishes.members =
            shown.addresses[allocation].iter().map(|(member, address)| (member.clone(), Some(*address))).collect();
    }
    AddressChange { request, leaves: BTreeSet::new() }
}

fn text(answer: &AddressAnswer) -> String {
    let all = answer.addresses.values().flatten();
    all.map(|(member, address)| format!("{member} {address}")).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn fault<T: std::fmt::Debug>(result: Result<T, Error>) -> AddressFault {
    match result.unwrap_err() {
        Error::Addresses(error) => error.fault,
        error => panic!("{error:?}"),
    }
}

impl World {
    fn subnet(&mut self, block: &str) -> Allocation {
        let pool = self.top("top", &["10.0.0.0/16"]);
        self.create(&pool, "web", block).unwrap()
    }

    fn plan_addresses(&mut self, request: &AddressRequest) -> Result<AddressAnswer, Error> {
        self.write(|ledger| ledger.plan_addresses(request, &terms()))
    }

    /// Plans a set, checks that a second plan answers the same without a write, and applies it.
    #[track_caller]
    fn name_addresses(&mut self, request: &AddressRequest) -> AddressAnswer {
        let planned = self.plan_addresses(request).unwrap();
        for terms in [terms(), committing()] {
            assert_eq!(self.read(|reader| reader.find_addresses(request, &terms)).unwrap().as_ref(), Some(&planned));
        }
        self.check();
        let change = as_shown(request, &planned);
        let made = self.write(|ledger| ledger.apply_addresses(&change)).unwrap();
        assert_eq!((&made.id, text(&made)), (&planned.id, text(&planned)));
        let events = self.check().events;
        self.write(|ledger| ledger.apply_addresses(&change)).unwrap();
        assert_eq!(self.check().events, events, "an apply that is repeated changes nothing");
        made
    }
}

#[test]
fn members_get_the_lowest_usable_addresses_after_those_that_name_one() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/29");
    let set = world.name_addresses(&wish(&subnet, "web", &[("a", ""), ("gateway", "10.0.0.1"), ("b", "")]));
    assert_eq!(text(&set), "a 10.0.0.2, b 10.0.0.3, gateway 10.0.0.1");
}

#[test]
fn a_member_that_is_added_removed_or_renamed_moves_no_other() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let set = world.name_addresses(&wish(&subnet, "web", &[("b", ""), ("c", ""), ("d", "")]));
    let set = world.name_addresses(&changed(&subnet, &set, &[("a", ""), ("b", ""), ("d", "")]));
    assert_eq!(text(&set), "a 10.0.0.2, b 10.0.0.1, d 10.0.0.3");
    let set = world.name_addresses(&changed(&subnet, &set, &[("b", ""), ("d", ""), ("e", "10.0.0.9")]));
    assert_eq!(text(&set), "b 10.0.0.1, d 10.0.0.3, e 10.0.0.9");
    world.write(|ledger| ledger.delete_addresses(&set.id, std::slice::from_ref(&subnet.meta.id))).unwrap();
    world.check();
    world.write(|ledger| ledger.delete_allocation(&subnet.meta.id)).unwrap();
}

#[test]
fn two_owners_never_get_the_same_address() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/29");
    let planned = world.plan_addresses(&wish(&subnet, "ours", &[("a", ""), ("b", "10.0.0.4")])).unwrap();
    world.as_owner("them");
    let theirs = world.name_addresses(&wish(&subnet, "theirs", &[("a", ""), ("b", "")]));
    assert_eq!(text(&theirs), "a 10.0.0.2, b 10.0.0.3");
    let taken = fault(world.plan_addresses(&changed(&subnet, &theirs, &[("a", ""), ("b", "10.0.0.4")])));
    assert!(
        matches!(&taken, AddressFault::Taken { member, by, .. } if member == "b" && by.member == "b" && by.owner == "us")
    );
    world.as_owner("us");
    let request = wish(&subnet, "ours", &[("a", ""), ("b", "10.0.0.4")]);
    let made = world.write(|ledger| ledger.apply_addresses(&as_shown(&request, &planned))).unwrap();
    assert_eq!(text(&made), "a 10.0.0.1, b 10.0.0.4");
    world.check();
}

#[test]
fn an_expired_hold_gives_way_and_its_apply_is_refused() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/30");
    let request = wish(&subnet, "ours", &[("a", "10.0.0.1")]);
    let planned = world.plan_addresses(&request).unwrap();
    world.wait(61);
    let one = world.as_owner("them").plan_addresses(&wish(&subnet, "one", &[("a", "")])).unwrap();
    assert_eq!(text(&one), "a 10.0.0.2", "an expired hold gives way when nothing else is free");
    world.wait(61);
    world.as_owner("them").name_addresses(&wish(&subnet, "theirs", &[("a", ""), ("b", "")]));
    let refused = fault(world.as_owner("us").write(|ledger| ledger.apply_addresses(&as_shown(&request, &planned))));
    assert!(matches!(refused, AddressFault::Taken { waits: false, .. }), "{refused:?}");
    world.check();
}

#[test]
fn an_expired_hold_that_nobody_needed_is_applied() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/29");
    let request = wish(&subnet, "ours", &[("a", "")]);
    let planned = world.plan_addresses(&request).unwrap();
    world.wait(61);
    world.as_owner("them").name_addresses(&wish(&subnet, "theirs", &[("a", "10.0.0.5")]));
    let made = world.as_owner("us").write(|ledger| ledger.apply_addresses(&as_shown(&request, &planned))).unwrap();
    assert_eq!((&made.id, text(&made)), (&planned.id, "a 10.0.0.1".to_owned()));
}

#[test]
fn a_full_allocation_refuses_all_members_and_holds_none() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/30");
    let before = world.map.entries().clone();
    let full = fault(world.plan_addresses(&wish(&subnet, "web", &[("a", ""), ("b", ""), ("c", "")])));
    assert!(matches!(&full, AddressFault::Exhausted { member, usable: 2, .. } if member == "c"), "{full:?}");
    assert_eq!(*world.map.entries(), before);
}

#[test]
fn addresses_outside_reserved_or_taken_are_refused() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let set = world.name_addresses(&wish(&subnet, "web", &[("a", "10.0.0.7"), ("b", "")]));
    let outside = fault(world.plan_addresses(&wish(&subnet, "db", &[("a", "10.0.1.1")])));
    assert!(matches!(outside, AddressFault::Outside { .. }));
    let taken = fault(world.plan_addresses(&wish(&subnet, "db", &[("a", "10.0.0.7")])));
    assert!(matches!(&taken, AddressFault::Taken { by, .. } if by.set_id == set.id && by.held_until.is_none()));
    let own = fault(world.plan_addresses(&changed(&subnet, &set, &[("a", ""), ("b", ""), ("c", "10.0.0.1")])));
    assert!(matches!(&own, AddressFault::Taken { by, .. } if by.member == "b"), "{own:?}");
    let named = fault(world.as_owner("them").plan_addresses(&wish(&subnet, "web", &[("a", "")])));
    assert!(matches!(&named, AddressFault::NameTaken { by, .. } if by.set_id == set.id));
}

#[test]
fn reserved_addresses_of_the_pool_are_not_given_out() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let subnet = world.create(&pool, "web", "10.0.0.0/24").unwrap();
    let rules = Rules { reserved_cidrs: cidrs(&["10.0.0.0/30", "10.0.0.6/31"]), ..Rules::default() };
    let mut change = reprovisioned(&pool, pool.provision.clone());
    change.rules = rules;
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    let set = world.name_addresses(&wish(&subnet, "web", &[("a", ""), ("b", ""), ("c", "")]));
    assert_eq!(text(&set), "a 10.0.0.4, b 10.0.0.5, c 10.0.0.8");
    let reserved = fault(world.plan_addresses(&wish(&subnet, "db", &[("a", "10.0.0.6")])));
    assert!(matches!(reserved, AddressFault::Reserved { .. }));
}

#[test]
fn both_families_are_one_set_and_one_transaction() {
    let mut world = World::new();
    let v4 = world.subnet("10.0.0.0/31");
    let pool = world.top("six", &["fd80:db8::/48"]);
    let v6 = world.create(&pool, "web", "/64").unwrap();
    let mut request = wish(&v4, "web", &[("a", ""), ("b", "")]);
    request.wishes.extend(wish(&v6, "web", &[("a", ""), ("b", "fd80:db8::9")]).wishes);
    let set = world.name_addresses(&request);
    let v6_addresses = &set.addresses[&v6.meta.id];
    assert_eq!(set.addresses[&v4.meta.id]["a"].to_string(), "10.0.0.0");
    assert_eq!(
        (v6_addresses["a"].to_string(), v6_addresses["b"].to_string()),
        ("fd80:db8::1".into(), "fd80:db8::9".into())
    );
    let mut more = changed(&v4, &set, &[("a", ""), ("b", ""), ("c", "")]);
    more.wishes.extend(wish(&v6, "web", &[("a", ""), ("b", ""), ("c", "")]).wishes);
    let before = world.map.entries().clone();
    assert!(matches!(fault(world.plan_addresses(&more)), AddressFault::Exhausted { .. }));
    assert_eq!(*world.map.entries(), before, "the IPv6 allocation has room, and holds nothing either");
}

#[test]
fn gc_keeps_a_loan_that_is_over_while_it_has_addresses() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let lifetime =
        Lifetime { loan: Some(Loan::until(world.now + jiff::SignedDuration::from_hours(1))), prevent_release: false };
    let spec = AllocationSpec { lifetime, ..wanted(&pool, "preview", "10.0.0.0/24") };
    let preview = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown)).unwrap();
    let set = world.name_addresses(&wish(&preview, "hosts", &[("a", "")]));
    world.wait(120);
    let collect = |world: &mut World| {
        let (mut overdue, mut next) = (Vec::new(), Some(String::new()));
        while let Some(from) = next {
            let step = world.write(|ledger| ledger.collect_expired(&from, 100)).unwrap();
            overdue.extend(step.overdue);
            next = step.next;
        }
        overdue
    };
    let kept = collect(&mut world);
    assert!(matches!(kept.as_slice(), [Overdue { why: Stays::Addresses(name), .. }] if name == "hosts"), "{kept:#?}");
    world.write(|ledger| ledger.delete_addresses(&set.id, std::slice::from_ref(&preview.meta.id))).unwrap();
    assert_eq!(collect(&mut world), []);
    assert_eq!(world.check().allocations, 0);
}

#[test]
fn an_allocation_with_addresses_is_neither_released_nor_cut() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let set = world.name_addresses(&wish(&subnet, "web", &[("a", "10.0.0.200"), ("b", "")]));
    let id = subnet.meta.id.clone();
    let in_use = fault(world.write(|ledger| ledger.delete_allocation(&id)));
    assert!(matches!(&in_use, AddressFault::InUse { becomes: None, sets, .. } if sets[0].set_id == set.id));
    let cut = fault(world.write(|ledger| ledger.plan_resize(&id, size("/25"), &terms())));
    assert!(matches!(&cut, AddressFault::InUse { becomes: Some(_), sets, .. } if sets[0].member == "a"));
    world.name_addresses(&changed(&subnet, &set, &[("b", "")]));
    world.write(|ledger| ledger.plan_resize(&id, size("/25"), &terms())).unwrap();
    world.write(|ledger| ledger.update_allocation(&id, &resized(&subnet, "/25"))).unwrap();
    world.check();
}

#[test]
fn a_set_that_is_replaced_keeps_its_addresses_in_either_order() {
    for creates_first in [false, true] {
        let mut world = World::new();
        let subnet = world.subnet("10.0.0.0/24");
        let places = [subnet.meta.id.clone()];
        world.name_addresses(&wish(&subnet, "db", &[("x", "")]));
        let old = world.name_addresses(&wish(&subnet, "web", &[("a", ""), ("b", "")]));
        let request =
            AddressRequest { replaces: Some(old.id.clone()), ..wish(&subnet, "web", &[("a", ""), ("b", "")]) };
        let planned = world.plan_addresses(&request).unwrap();
        assert_ne!(planned.id, old.id);
        assert_eq!(text(&planned), "a 10.0.0.2, b 10.0.0.3");
        let change = as_shown(&request, &planned);
        if !creates_first {
            world.write(|ledger| ledger.delete_addresses(&old.id, &places)).unwrap();
            let taken = fault(world.as_owner("them").plan_addresses(&wish(&subnet, "them", &[("a", "10.0.0.2")])));
            assert!(matches!(taken, AddressFault::Taken { .. }), "the hold keeps the address");
            world.as_owner("us");
        }
        let request = AddressRequest { replaces: None, ..request };
        let second = world.write(|ledger| ledger.plan_addresses(&request, &committing())).unwrap();
        assert_eq!(second, planned, "the plan in the apply relies on the hold");
        let change = AddressChange { request: AddressRequest { replaces: None, ..change.request }, ..change };
        let made = world.write(|ledger| ledger.apply_addresses(&change)).unwrap();
        assert_eq!((&made.id, text(&made)), (&planned.id, text(&planned)));
        world.write(|ledger| ledger.delete_addresses(&old.id, &places)).unwrap();
        world.check();
        let there = world.read(|reader| reader.get_address_set(&made.id, &places)).unwrap().unwrap();
        assert_eq!(text(&there), text(&planned));
    }
}

#[test]
fn an_address_that_the_same_apply_releases_is_waited_for() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let old = world.name_addresses(&wish(&subnet, "old", &[("a", "10.0.0.9")]));
    let request = wish(&subnet, "new", &[("b", "10.0.0.9"), ("c", "")]);
    assert!(matches!(fault(world.plan_addresses(&request)), AddressFault::Taken { waits: false, .. }));
    let request = AddressRequest { given_up: [old.id.clone()].into(), ..request };
    let planned = world.plan_addresses(&request).unwrap();
    let request = AddressRequest { given_up: BTreeSet::new(), ..request };
    let second = world.write(|ledger| ledger.plan_addresses(&request, &committing())).unwrap();
    assert_eq!(second, planned, "the plan in the apply relies on the hold");
    let change = as_shown(&request, &planned);
    assert!(fault(world.write(|ledger| ledger.apply_addresses(&change))).waits());
    world.write(|ledger| ledger.delete_addresses(&old.id, std::slice::from_ref(&subnet.meta.id))).unwrap();
    let made = world.write(|ledger| ledger.apply_addresses(&change)).unwrap();
    assert_eq!(text(&made), "b 10.0.0.9, c 10.0.0.1");
    world.check();
}

#[test]
fn what_an_interrupted_apply_left_is_adopted_until_a_state_has_it() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let request = wish(&subnet, "web", &[("a", "")]);
    let made = world.name_addresses(&request);
    let planned = world.plan_addresses(&request).unwrap();
    assert_eq!((planned.id, planned.is_adopted), (made.id.clone(), true));
    world.write(|ledger| ledger.confirm_addresses(&made.id, std::slice::from_ref(&subnet.meta.id))).unwrap();
    world.check();
    assert!(matches!(fault(world.plan_addresses(&request)), AddressFault::NameTaken { .. }));
}

#[test]
fn a_set_that_was_released_is_not_restored_and_one_that_is_missing_is() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let request = wish(&subnet, "web", &[("a", "10.0.0.8")]);
    let backup = world.map.clone();
    let made = world.name_addresses(&request);
    let change = as_shown(&request, &made);
    let newer = std::mem::replace(&mut world.map, backup);
    assert!(world.write(|ledger| ledger.restore_addresses(&change)).unwrap());
    world.check();
    world.map = newer;
    world.write(|ledger| ledger.delete_addresses(&made.id, std::slice::from_ref(&subnet.meta.id))).unwrap();
    assert!(!world.write(|ledger| ledger.restore_addresses(&change)).unwrap());
}

#[test]
fn the_audit_finds_an_address_that_two_sets_have() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/24");
    let set = world.name_addresses(&wish(&subnet, "web", &[("a", "")]));
    let found = world.read(|reader| reader.get_allocations(&[subnet.meta.id])).unwrap().remove(0).unwrap();
    let mut damaged = found.clone();
    let twin = damaged.address_sets[&set.id].clone();
    damaged.address_sets.insert("ipam-addr-set-twin".to_owned(), twin);
    assert!(crate::ipam::operations::address_set::faults(&found).is_empty());
    assert!(crate::ipam::operations::address_set::faults(&damaged)[0].contains("10.0.0.1"));
    assert_eq!(address_block("10.0.0.1".parse().unwrap()), cidr("10.0.0.1/32"));
}

#[test]
fn random_changes_move_no_member_that_keeps_its_wish() {
    let mut world = World::new();
    let subnet = world.subnet("10.0.0.0/26");
    let mut seed = 7;
    let mut model: BTreeMap<String, String> = BTreeMap::new();
    let mut set: Option<AddressAnswer> = None;
    for _ in 0..60 {
        let members: BTreeSet<String> =
            (0..=dice(&mut seed) % 20).map(|_| format!("m{}", dice(&mut seed) % 30)).collect();
        let wishes: Vec<(&str, &str)> = members.iter().map(|member| (member.as_str(), "")).collect();
        let request = match &set {
            Some(set) => changed(&subnet, set, &wishes),
            None => wish(&subnet, "web", &wishes),
        };
        let made = world.name_addresses(&request);
        let now = &made.addresses[&subnet.meta.id];
        for (member, address) in now {
            assert!(model.get(member).is_none_or(|before| *before == address.to_string()), "{member} moved");
        }
        assert_eq!(now.values().collect::<BTreeSet<_>>().len(), members.len());
        model = now.iter().map(|(member, address)| (member.clone(), address.to_string())).collect();
        set = Some(made);
    }
}
