//! Bring your own IP ranges and AS numbers (BYOIP, BYOASN) through the provider's client: lost answers, refusals, and
//! changes that take longer than the client waits.

use std::time::Duration;

use terraform_provider_ipam::backend::explain;
use terraform_provider_ipam::backend::service::{
    ByoasnAssociationNoun, ByoasnAssociationSpec, ByoasnNoun, ByoasnSpec, ByoipCidrNoun, ByoipCidrSpec, Keeps, Service,
    TokenNoun, TokenSpec,
};
use terraform_provider_ipam::ipam::{Error, Proof, Result, Tags};

use super::endpoint::{Delay, Kind, Script, Trouble};
use super::provider_client::{asked, cidr, client_of, impatient};
use super::scene::{HOME, Scene, text};

fn proof() -> Option<Proof> {
    Some(Proof::Certificate { message: "1|aws|...".to_owned(), signature: "c2lnbmVk".to_owned() })
}

fn range(advertise: bool) -> ByoipCidrSpec {
    ByoipCidrSpec {
        cidr: cidr("203.0.113.0/24"),
        pool_id: None,
        pool_owner: None,
        proof: proof(),
        description: None,
        publicly_advertisable: None,
        network_border_group: None,
        advertise,
        asn: None,
    }
}

fn number(scene: &Scene) -> ByoasnSpec {
    ByoasnSpec { ipam_id: text(&scene.ipam["IpamId"]), asn: "64496".parse().unwrap(), proof: proof() }
}

/// Repeats `work` until its result is not pending, at most as often as any change here takes. Also returns the states
/// that it waited for.
fn patiently<T>(mut work: impl FnMut() -> Result<T>) -> (Result<T>, Vec<String>) {
    let mut waited = Vec::new();
    for _ in 0..50 {
        match work() {
            Err(Error::Pending(pending)) => waited.push(pending.waits_for),
            answer => return (answer, waited),
        }
    }
    panic!("still pending: {waited:?}");
}

#[test]
fn a_lost_answer_makes_nothing_twice_where_aws_has_no_client_token() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let service: &dyn Service = &ipam;
    for action in ["ProvisionByoipCidr", "ProvisionIpamByoasn", "AssociateIpamByoasn"] {
        scene.endpoint.trouble(action, 1, Trouble::LoseAnswer);
    }
    let made = Keeps::<ByoipCidrNoun>::create(service, &range(false)).unwrap();
    assert_eq!(made.state, "provisioned");
    let asn = Keeps::<ByoasnNoun>::create(service, &number(&scene)).unwrap();
    let spec = ByoasnAssociationSpec { asn: asn.asn, cidr: made.cidr, region: None };
    let association = Keeps::<ByoasnAssociationNoun>::create(service, &spec).unwrap();
    assert_eq!(association.region, HOME);
    let made = [Kind::ByoipCidr, Kind::Byoasn, Kind::AsnAssociation].map(|kind| scene.endpoint.things(kind).len());
    assert_eq!(made, [1, 1, 1]);
    // A second creation of the same object must not be taken for a lost answer.
    for error in [
        Keeps::<ByoipCidrNoun>::create(service, &range(false)).unwrap_err(),
        Keeps::<ByoasnNoun>::create(service, &number(&scene)).unwrap_err(),
        Keeps::<ByoasnAssociationNoun>::create(service, &spec).unwrap_err(),
    ] {
        let words = explain(&error);
        assert!(words.summary.contains("AlreadyExists") && words.detail.contains("mport it by"), "{words:?}");
    }
    scene.is_sound();
}

#[test]
fn calls_that_advertise_are_ten_seconds_apart_as_aws_requires() {
    let scene = Scene::new();
    let ipam = impatient(&scene);
    let service: &dyn Service = &ipam;
    let (made, _) = patiently(|| Keeps::<ByoipCidrNoun>::create(service, &range(false)));
    let id = made.unwrap().id;
    scene.endpoint.script(Script {
        advertise: Delay::Reads(2),
        advertise_rest: Duration::from_secs(10),
        ..Script::at_once()
    });
    let (on, waited) = patiently(|| Keeps::<ByoipCidrNoun>::update(service, &id, &range(false), &range(true)));
    assert_eq!(on.unwrap().state, "advertised");
    assert!(waited.contains(&"pending-advertising".to_owned()), "{waited:?}");
    let off = || Keeps::<ByoipCidrNoun>::update(service, &id, &range(true), &range(false));
    let Err(Error::Pending(pending)) = off() else { panic!("the call was not too early for AWS") };
    assert!(pending.waits_for.contains("every ten seconds"), "{pending:?}");
    scene.endpoint.advance(Duration::from_secs(10));
    assert_eq!(patiently(off).0.unwrap().state, "provisioned");
    let done = scene.endpoint.calls().into_iter().filter(|call| call.error.is_none());
    let done: Vec<_> = done
        .map(|call| call.action)
        .filter(|action| action.ends_with("seByoipCidr") || action.starts_with("Withdraw"))
        .collect();
    assert_eq!(done, ["AdvertiseByoipCidr", "WithdrawByoipCidr"], "each once");
    scene.is_sound();
}

#[test]
fn a_range_that_aws_does_not_verify_is_reported_with_the_reason_and_can_be_tried_again() {
    let scene = Scene::new();
    scene.endpoint.script(Script { create: Delay::Never, provision: Delay::Never, ..Script::at_once() });
    let ipam = impatient(&scene);
    let service: &dyn Service = &ipam;
    let create = || Keeps::<ByoipCidrNoun>::create(service, &range(false));
    let Err(Error::Pending(pending)) = create() else { panic!("the change is not pending") };
    assert_eq!((pending.resource, pending.waits_for.as_str()), ("ipam_byoip_cidr", "pending-provision"));
    let id = scene.endpoint.things(Kind::ByoipCidr)[0].id.clone();
    scene.endpoint.set_state(&id, "failed-provision");
    let words = explain(&create().unwrap_err());
    assert!(words.summary.contains("failed-provision"), "{words:?}");
    assert_eq!(asked(&scene, "ProvisionByoipCidr"), 1);
    assert_eq!(Keeps::<ByoipCidrNoun>::get(service, "203.0.113.0/24").unwrap(), None);
    scene.is_sound();
}

#[test]
fn a_range_in_a_pool_without_a_locale_cannot_be_advertised() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let service: &dyn Service = &ipam;
    let public = &scene.ipam["PublicDefaultScopeId"];
    let pool = scene.pool(serde_json::json!({"IpamScopeId": public, "PublicIpSource": "byoip"}));
    let spec = ByoipCidrSpec { pool_id: Some(pool), ..range(false) };
    let made = Keeps::<ByoipCidrNoun>::create(service, &spec).unwrap();
    let words = explain(
        &Keeps::<ByoipCidrNoun>::update(service, &made.id, &spec, &ByoipCidrSpec { advertise: true, ..spec.clone() })
            .unwrap_err(),
    );
    assert!(words.detail.contains("no locale"), "{words:?}");
    Keeps::<ByoipCidrNoun>::delete(service, &made.id, &spec).unwrap();
    assert_eq!(Keeps::<ByoipCidrNoun>::get(service, &made.id).unwrap(), None);
    scene.is_sound();
}

#[test]
fn objects_removed_outside_are_gone_without_an_error() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let service: &dyn Service = &ipam;
    let spec = TokenSpec { ipam_id: text(&scene.ipam["IpamId"]), tags: Tags::new() };
    let token = Keeps::<TokenNoun>::create(service, &spec).unwrap();
    scene.endpoint.advance(Duration::from_secs(73 * 3600));
    assert_eq!(Keeps::<TokenNoun>::get(service, &token.id).unwrap().unwrap().status, "expired");
    Keeps::<TokenNoun>::delete(service, &token.id, &spec).unwrap();
    Keeps::<TokenNoun>::delete(service, &token.id, &spec).unwrap();
    let asn = Keeps::<ByoasnNoun>::create(service, &number(&scene)).unwrap();
    let gone = serde_json::json!({"IpamId": asn.ipam_id, "Asn": "64496"});
    scene.home.call("deprovision_ipam_byoasn", gone);
    assert_eq!(Keeps::<ByoasnNoun>::get(service, &asn.id).unwrap(), None);
    Keeps::<ByoasnNoun>::delete(service, &asn.id, &number(&scene)).unwrap();
    // AWS lists the old entry for seven days; it must not prevent a new one.
    assert_eq!(Keeps::<ByoasnNoun>::create(service, &number(&scene)).unwrap().state, "provisioned");
    Keeps::<ByoipCidrNoun>::delete(service, "192.0.2.0/24", &range(false)).unwrap();
    scene.is_sound();
}
