use std::cell::Cell;

use super::*;
use crate::ipam::Kind;
use crate::store;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn overlap(block: &str) -> Error {
    let with = Occupant {
        kind: Kind::Allocation,
        id: "old".into(),
        name: "old".into(),
        owner: "us".into(),
        state: State::Active,
        cidr: Some(cidr(block)),
        hold_expires_at: None,
        path: "p/old".into(),
        run: None,
        is_lease: false,
        is_reservation: false,
        is_resting: false,
    };
    Error::Overlap { cidr: cidr("10.0.0.0/24"), with: vec![with] }
}

fn given_up(block: &str, in_place: bool) -> Vec<GivenUp> {
    vec![GivenUp { id: "old".into(), cidr: Some(cidr(block)), in_place }]
}

/// Creates an object that is refused `refusals` times. Returns the result and the number of attempts.
fn create(waits_for: &[GivenUp], refusals: u32, timeout: Duration) -> (Result<(), Error>, u32) {
    let mut tried = 0;
    let answer = once_given_up(
        &Shared::default(),
        (timeout, &Stop::default()),
        || Ok(waits_for.to_vec()),
        || {
            tried += 1;
            if tried > refusals { Ok(()) } else { Err(overlap("10.0.0.0/24")) }
        },
    );
    (answer, tried)
}

#[test]
fn a_creation_waits_for_the_blocks_that_its_hold_waits_for() {
    let minute = Duration::from_secs(60);
    assert_eq!(create(&given_up("10.0.0.0/24", false), 2, minute), (Ok(()), 3));
    assert_eq!(create(&[], 1, minute).1, 1, "the hold waits for nothing");
    assert_eq!(create(&given_up("10.0.1.0/24", false), 1, minute).1, 1, "something else is in the way");
    assert_eq!(create(&given_up("10.0.0.0/24", true), 2, minute), (Ok(()), 3), "the old contents go");
    let (answer, tried) = create(&given_up("10.0.0.0/24", true), u32::MAX, Duration::from_hours(1));
    assert!(
        answer.is_err() && tried > 1,
        "{tried}: Terraform creates the replacement first, and the old one stays in use"
    );
    let (answer, tried) = create(&given_up("10.0.0.0/24", false), u32::MAX, Duration::from_millis(700));
    assert!(answer.is_err() && tried > 1, "{tried}");
}

#[test]
fn the_error_explains_why_a_block_was_not_free() {
    let detail_of = |waits_for: &[GivenUp]| {
        let diagnostics = Diagnostics::from(Diagnostic::error("No", "Taken."));
        let diagnostics = explain(diagnostics, &overlap("10.0.0.0/24"), || Ok(waits_for.to_vec()));
        diagnostics.into_iter().map(|one| one.detail).collect::<String>()
    };
    assert_eq!(detail_of(&[]), "Taken.");
    assert!(detail_of(&given_up("10.0.0.0/24", false)).ends_with("Apply again."));
    assert!(detail_of(&given_up("10.0.0.0/24", true)).contains("create_before_destroy"));
}

#[test]
fn a_creation_that_cannot_read_what_it_waits_for_reports_it() {
    let cut = Error::Store(store::Error::Unavailable("the network was cut".into()));
    let busy = Error::Store(store::Error::Busy("another writer".into()));
    let create = |faults: &[&Error]| {
        let (left, tried) = (Cell::new(faults), Cell::new(0));
        let waits_for = || match left.get().split_first() {
            Some((fault, rest)) => {
                left.set(rest);
                Err((*fault).clone())
            }
            None => Ok(given_up("10.0.0.0/24", false)),
        };
        let work = || {
            tried.set(tried.get() + 1);
            if tried.get() > 2 { Ok(()) } else { Err(overlap("10.0.0.0/24")) }
        };
        let patience = (Duration::from_secs(60), &Stop::default());
        (once_given_up(&Shared::default(), patience, waits_for, work), tried.get())
    };
    assert_eq!(create(&[&cut]), (Err(cut.clone()), 1), "the error is the fault, not the block in the way");
    assert_eq!(create(&[&busy, &busy]), (Ok(()), 3), "a busy store answers later");
}
