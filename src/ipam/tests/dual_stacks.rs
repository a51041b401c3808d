//! Dual-stack allocations: both planned and changed together, or none.

use std::collections::BTreeMap;

use crate::ipam::testing::*;
use crate::ipam::{
    Allocation, Error, Family, Planned, PlannedPart, Pool, Stack, StackChange, StackPart, StackPartChange,
    StackRequest, State,
};

/// The request for two new allocations named `web`.
fn request(pools: &[Pool; 2], v4: &str, v6: &str) -> StackRequest {
    let part = |pool: &Pool, text: &str| StackPart {
        spec: wanted(pool, "web", text),
        present: None,
        replaces: None,
        pool_rules: None,
    };
    StackRequest { parts: [(Family::Ipv4, part(&pools[0], v4)), (Family::Ipv6, part(&pools[1], v6))].into() }
}

/// The request for other sizes.
fn changed(pools: &[Pool; 2], present: &Stack, v4: &str, v6: &str) -> StackRequest {
    let mut request = request(pools, v4, v6);
    for (family, part) in &mut request.parts {
        part.present = present.get(family).map(|one| one.meta.id.clone());
    }
    request
}

fn blocks(stack: &Stack) -> String {
    stack.values().map(|one| one.cidr.to_string()).collect::<Vec<_>>().join(" ")
}

impl World {
    fn two_pools(&mut self) -> [Pool; 2] {
        [self.top("four", &["10.0.0.0/22"]), self.top("six", &["fd80:db8::/48"])]
    }

    fn plan_stack(&mut self, request: &StackRequest) -> Result<BTreeMap<Family, PlannedPart>, Error> {
        self.write(|ledger| ledger.plan_stack(request, &terms()))
    }

    /// Plans both, checks that a second plan answers the same without a write, and applies them.
    #[track_caller]
    fn apply_stack(&mut self, request: &StackRequest) -> Stack {
        let planned = self.plan_stack(request).unwrap();
        for terms in [terms(), committing()] {
            assert_eq!(self.read(|reader| reader.find_stack(request, &terms)).unwrap().as_ref(), Some(&planned));
        }
        self.check();
        let part = |(family, part): (&Family, &StackPart)| {
            let shown = &planned[family];
            let planned = Some((Planned::Held(shown.id.clone()), shown.cidr));
            (*family, StackPartChange { spec: part.spec.clone(), present: part.present.clone(), planned })
        };
        let change = StackChange { parts: request.parts.iter().map(part).collect() };
        let made = self.write(|ledger| ledger.apply_stack(&change)).unwrap();
        let as_shown = |(family, one): (&Family, &Allocation)| {
            (one.meta.id.as_str(), one.cidr, one.meta.state)
                == (&planned[family].id, planned[family].cidr, State::Active)
        };
        assert!(made.iter().all(as_shown), "{made:#?}");
        let again = self.write(|ledger| ledger.apply_stack(&change)).unwrap();
        assert_eq!(blocks(&again), blocks(&made), "an apply that is repeated changes nothing");
        self.check();
        made
    }
}

#[test]
fn both_allocations_are_planned_or_none() {
    let mut world = World::new();
    let pools = world.two_pools();
    let before = world.map.entries().clone();
    let error = world.plan_stack(&request(&pools, "/24", "/40")).unwrap_err();
    assert!(matches!(&error, Error::OfMember { key, .. } if key == "ipv6"), "{error:?}");
    assert_eq!(*world.map.entries(), before);
    let made = world.apply_stack(&request(&pools, "/24", "/64"));
    assert_eq!(blocks(&made), "10.0.0.0/24 fd80:db8::/64");
    let ids = made.iter().map(|(family, one)| (*family, one.meta.id.clone())).collect();
    world.write(|ledger| ledger.delete_stack(&ids)).unwrap();
    world.check();
}

#[test]
fn a_size_changes_in_place_where_there_is_room() {
    let mut world = World::new();
    let pools = world.two_pools();
    let made = world.apply_stack(&request(&pools, "/24", "/64"));
    let ids = |stack: &Stack| stack.values().map(|one| one.meta.id.clone()).collect::<Vec<_>>();
    let grown = world.apply_stack(&changed(&pools, &made, "/23", "/60"));
    assert_eq!((blocks(&grown).as_str(), ids(&grown)), ("10.0.0.0/23 fd80:db8::/60", ids(&made)));
    let shrunk = world.apply_stack(&changed(&pools, &grown, "/25", "fd80:db8::/60"));
    assert_eq!((blocks(&shrunk).as_str(), ids(&shrunk)), ("10.0.0.0/25 fd80:db8::/60", ids(&made)));
}

#[test]
fn an_allocation_without_room_moves_and_the_other_one_stays() {
    let mut world = World::new();
    let pools = world.two_pools();
    let made = world.apply_stack(&request(&pools, "/24", "/64"));
    world.create(&pools[0], "neighbour", "10.0.1.0/24").unwrap();
    let moved = world.apply_stack(&changed(&pools, &made, "/23", "/64"));
    assert_eq!(blocks(&moved), "10.0.2.0/23 fd80:db8::/64");
    assert_eq!(moved[&Family::Ipv6].meta.id, made[&Family::Ipv6].meta.id);
    assert_ne!(moved[&Family::Ipv4].meta.id, made[&Family::Ipv4].meta.id);
    assert_eq!(world.read(|reader| reader.get_allocation(&made[&Family::Ipv4].meta.id)).unwrap(), None);
}
