//! The locale of an existing pool is set and corrected in place, together with the locales of the pools below.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const SITE: &str = "ipam_pool.site";
const INNER: &str = "ipam_pool.inner";

fn config(site: &Json, inner: &Json) -> Vec<(&'static str, Json)> {
    let below = |name: &str, above: &str, length: u8| json!({"name": name, "source_ipam_pool_id": format!("${{{above}.id}}"), "netmask_length": length});
    vec![
        top(),
        (SITE, with(&below("site", "ipam_pool.top", 16), site)),
        (INNER, with(&below("inner", SITE, 20), inner)),
        ("ipam_allocation.web", json!({"ipam_pool_id": "${ipam_pool.inner.id}", "name": "web", "netmask_length": 24})),
    ]
}

#[test]
fn a_locale_is_set_and_corrected_in_place_with_the_pools_below() {
    let (none, lisbon, porto) = (json!({}), json!({"locale": "lisbon"}), json!({"locale": "porto"}));
    for (steps, reported) in [
        // The pool below has no locale, or the same locale.
        ([(&none, &none), (&lisbon, &none), (&porto, &none)], "followed"),
        ([(&none, &none), (&lisbon, &lisbon), (&porto, &porto)], "repeated"),
        ([(&lisbon, &none), (&porto, &porto), (&lisbon, &none)], "mixed"),
    ] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&config(steps[0].0, steps[0].1));
        let cidr = workspace.get("ipam_allocation.web", "cidr");
        for (site, inner) in &steps[1..] {
            let planned = workspace.apply(&config(site, inner));
            assert_eq!(planned.action(SITE), Action::Update, "{reported}");
            assert_eq!(planned.action(INNER), Action::Update, "{reported}");
            assert_eq!(planned.action("ipam_allocation.web"), Action::NoOp, "{reported}");
            assert_eq!(planned.get(INNER, "locale"), site["locale"], "{reported}");
        }
        assert_eq!(workspace.get("ipam_allocation.web", "cidr"), cidr);
        workspace.destroy();
    }
}

#[test]
fn a_new_pool_below_takes_the_corrected_locale() {
    for (before, inner) in [(json!({}), json!({})), (json!({}), json!({"locale": "porto", "auto_import": true}))]
        .into_iter()
        .chain([(json!({"locale": "lisbon"}), json!({})), (json!({"locale": "lisbon"}), json!({"locale": "porto"}))])
    {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&config(&before, &json!({}))[..2]);
        let planned = workspace.apply(&config(&json!({"locale": "porto"}), &inner));
        assert_eq!((planned.action(SITE), planned.action(INNER)), (Action::Update, Action::Create));
        assert_eq!(planned.get(INNER, "locale"), "porto");
    }
}

#[test]
fn a_locale_that_is_not_known_yet_causes_no_replacement() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&config(&json!({"locale": "lisbon"}), &json!({})));
    let mut planned = workspace.plan(&config(&json!({"locale": UNKNOWN}), &json!({}))).unwrap();
    for address in [SITE, INNER] {
        assert_eq!((planned.action(address), planned.get(address, "locale").as_str()), (Action::Update, UNKNOWN));
    }
    let known = config(&json!({"locale": "porto"}), &json!({}));
    planned.become_known(SITE, &known[1].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&known);
}

#[test]
fn a_contradiction_is_reported_at_the_locale_and_nothing_is_replaced() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let before = config(&json!({}), &json!({"locale": "lisbon"}));
    workspace.apply(&before);
    // The pool below has a different locale in the store.
    let errors = workspace.plan(&config(&json!({"locale": "porto"}), &json!({}))[..2]).unwrap_err();
    assert_only_error(&errors, "locale", &["Pools below have another locale", "top/site/inner", "\"lisbon\""]);
    workspace.assert_settled(&before);
    // The pool above has a different planned locale, which is not in the store yet.
    let after = config(&json!({"locale": "lisbon"}), &json!({"locale": "lisbon"}));
    workspace.apply(&after);
    let errors = workspace.plan(&config(&json!({"locale": "porto"}), &json!({"locale": "lisbon"}))[..3]).unwrap_err();
    assert_only_error(&errors, "locale", &["differs from the source pool's", "\"porto\""]);
    workspace.assert_settled(&after);
}
