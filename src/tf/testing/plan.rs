//! Rules of plan.

use super::*;

#[test]
fn a_new_object_shows_values_of_the_user_defaults_and_unknown_for_the_rest() {
    let config = thing(&[("name", "a".into()), ("note", "Hello".into())]);
    let planned = plan(&Things::default(), &Value::Null, &config).planned;
    let expected = with(
        &config,
        &[
            ("id", Value::Unknown),
            ("address", Value::Unknown),
            ("secret", Value::Unknown),
            ("status", Value::Unknown),
            ("count", 1.into()),
            ("cascade", false.into()),
        ],
    );
    assert_eq!(planned, expected);
}

#[test]
fn values_of_the_user_are_kept_whatever_the_resource_plans() {
    let meddles = |plan: &mut Plan<Thing>| {
        plan.planned.name = "other".to_owned().into();
        plan.planned.note = Tf::Null;
        plan.planned.address = word("elsewhere").into();
        plan.planned.count = 7.into();
        plan.planned.tags = Tf::Unknown;
        plan.planned.timeouts = Tf::Null;
        plan.planned.zone = word("east").into();
    };
    let things = Things { plan: meddles, ..Things::default() };
    let timeouts = map(&[("create", "LONG".into())]);
    let config = thing(&[
        ("name", "a".into()),
        ("note", "Hello".into()),
        ("address", "Home".into()),
        ("tags", map(&[("k", "v".into())])),
        ("timeouts", timeouts),
    ]);
    let planned = plan(&things, &Value::Null, &config).planned;
    for name in ["name", "note", "address", "tags", "timeouts"] {
        assert_eq!(planned.entry(name), config.entry(name), "{name}");
    }
    assert_eq!(planned.entry("count"), &1.into());
    assert_eq!(planned.entry("zone"), &Value::Null, "null that is not computed stays null");
}

#[test]
fn a_resource_decides_values_that_the_user_left_open() {
    let things = Things {
        plan: |plan| {
            plan.planned.id = "thing-9".to_owned().into();
            plan.planned.address = word("Here").into();
        },
        ..Things::default()
    };
    let planned = plan(&things, &Value::Null, &thing(&[("name", "a".into())])).planned;
    assert_eq!(planned.entry("id"), &"thing-9".into());
    assert_eq!(planned.entry("address"), &"here".into());
    assert_eq!(planned.entry("status"), &Value::Unknown);
}

#[test]
fn an_unchanged_configuration_plans_no_change() {
    let things = Things::default();
    let config = thing(&[
        ("name", "a".into()),
        ("zone", "EAST".into()),
        ("address", "Home".into()),
        ("members", list(&["B".into(), "a".into()])),
        ("sequence", list(&["Z".into(), "y".into()])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "BOLT".into())]))])),
        ("pieces", list(&[object::<Part>(&[("kind", "Nut".into()), ("size", 3.into())])])),
        ("timeouts", map(&[("create", "Long".into())])),
    ]);
    let state = plan_and_apply(&things, &Value::Null, &config);
    assert!(state.is_wholly_known(), "{state:?}");
    let again = plan(&things, &state, &config);
    assert_eq!(again.planned, state);
    assert_eq!(again.replace, []);
}

/// An expression that evaluates to null, such as `one([])`, passes the check of Terraform for required arguments.
#[test]
fn a_required_argument_that_is_null_is_refused_and_nothing_is_replaced() {
    let things = Things::default();
    let state = plan_and_apply(&things, &Value::Null, &thing(&[("name", "a".into())]));
    for prior in [&Value::Null, &state] {
        let nameless = thing(&[("zone", "east".into())]);
        let refused = try_plan(&things, prior, &nameless);
        assert_messages(&refused.diagnostics, &[("Missing required argument", "name")]);
        assert_eq!((&refused.planned, refused.replace), (prior, vec![]));
        assert_messages(&ErasedResource::validate(&things, &nameless), &[("Missing required argument", "name")]);
    }
    let part = object::<Part>(&[("size", 3.into())]);
    let inside = thing(&[
        ("name", "a".into()),
        ("parts", map(&[("p", part.clone())])),
        ("pieces", list(&[object::<Part>(&[("kind", "nut".into())]), part, Value::Unknown])),
    ]);
    let refused = try_plan(&things, &Value::Null, &inside);
    let missing = "Missing required argument";
    assert_messages(&refused.diagnostics, &[(missing, "parts[\"p\"].kind"), (missing, "pieces[1].kind")]);
}

#[test]
fn computed_values_are_kept_on_update() {
    let things = Things::default();
    let config = thing(&[("name", "a".into())]);
    let state = plan_and_apply(&things, &Value::Null, &config);
    let planned = plan(&things, &state, &with(&config, &[("note", "new".into())])).planned;
    assert_eq!(planned, with(&state, &[("note", "new".into())]));
}

#[test]
fn a_value_that_the_user_removed_is_kept_when_computed_and_null_when_not() {
    let things = Things::default();
    let config = thing(&[("name", "a".into()), ("note", "n".into()), ("address", "HOME".into()), ("count", 3.into())]);
    let state = plan_and_apply(&things, &Value::Null, &config);
    let planned = plan(&things, &state, &thing(&[("name", "a".into())])).planned;
    assert_eq!(planned.entry("note"), &Value::Null);
    assert_eq!(planned.entry("address"), &"HOME".into(), "in the spelling of the state");
    assert_eq!(planned.entry("count"), &1.into(), "the default applies again");
}

#[test]
fn another_spelling_of_the_same_value_keeps_the_spelling_of_the_state() {
    let things = Things::default();
    let written = [
        ("name", "a".into()),
        ("note", "HELLO".into()),
        ("members", list(&["a".into(), "b".into()])),
        ("sequence", list(&["A".into()])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "BOLT".into())]))])),
    ];
    let state = plan_and_apply(&things, &Value::Null, &thing(&written));
    let respelt = thing(&[
        ("name", "a".into()),
        ("note", "Hello".into()),
        ("members", list(&["A".into(), "B".into()])),
        ("sequence", list(&["a".into()])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "Bolt".into())]))])),
    ]);
    assert_eq!(plan(&things, &state, &respelt).planned, state);
    let other_order = with(&respelt, &[("sequence", list(&["b".into(), "a".into()]))]);
    assert_ne!(plan(&things, &state, &other_order).planned, state);
}

#[test]
fn a_replacement_is_planned_only_when_the_meaning_differs() {
    let things = Things::default();
    let config = |zone: Value| thing(&[("name", "a".into()), ("zone", zone)]);
    let state = plan_and_apply(&things, &Value::Null, &config("east".into()));
    let replace = |zone: Value| plan(&things, &state, &config(zone)).replace;
    assert_eq!(replace("EAST".into()), []);
    assert_eq!(replace("west".into()), [Path::attribute("zone")]);
    assert_eq!(replace(Value::Null), [Path::attribute("zone")]);
    assert_eq!(replace(Value::Unknown), [Path::attribute("zone")]);
    assert_eq!(plan(&things, &Value::Null, &config("east".into())).replace, [], "a new object replaces nothing");
}

#[test]
fn a_resource_can_ask_for_a_replacement() {
    let things = Things { plan: |plan| plan.replace.push(crate::at!(Thing, count)), ..Things::default() };
    let config = thing(&[("name", "a".into())]);
    let state = plan_and_apply(&Things::default(), &Value::Null, &config);
    assert_eq!(plan(&things, &state, &config).replace, [Path::attribute("count")]);
}

#[test]
fn unknown_elements_stay_in_the_plan_as_written() {
    let config = thing(&[
        ("name", Value::Unknown),
        ("tags", map(&[("k", Value::Unknown), ("l", "v".into())])),
        ("members", Value::set(vec![Value::Unknown, Value::Unknown, "A".into()])),
        ("sequence", list(&["A".into(), Value::Unknown])),
        (
            "parts",
            map(&[("p", object::<Part>(&[("kind", Value::Unknown), ("size", 2.into())])), ("q", Value::Unknown)]),
        ),
        ("pieces", Value::Unknown),
    ]);
    let sees = |plan: &mut Plan<Thing>| {
        assert!(plan.planned.tags.is_unknown() && plan.config.members.is_unknown());
        assert_eq!(plan.planned.parts.get().map(|parts| parts["p"].size.clone()), Some(Tf::Known(2)));
    };
    let planned = plan(&Things { plan: sees, ..Things::default() }, &Value::Null, &config).planned;
    for name in ["name", "tags", "members", "sequence", "pieces"] {
        assert_eq!(planned.entry(name), config.entry(name), "{name}");
    }
    let part = planned.entry("parts").entry("p");
    assert_eq!((part.entry("kind"), part.entry("size")), (&Value::Unknown, &2.into()));
    assert_eq!(planned.entry("parts").entry("q"), &Value::Unknown);
    let Value::List(members) = planned.entry("members") else { panic!("{planned:?}") };
    assert_eq!(members.len(), 3, "two unknown elements may become different");
}

#[test]
fn nested_objects_follow_the_same_rules_one_by_one() {
    let things = Things::default();
    let part = |kind: &str| object::<Part>(&[("kind", kind.into())]);
    let config =
        thing(&[("name", "a".into()), ("parts", map(&[("p", part("BOLT"))])), ("pieces", list(&[part("NUT")]))]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let new = |kind: &str| map(&[("kind", kind.into()), ("size", 1.into()), ("serial", Value::Unknown)]);
    assert_eq!(planned.entry("parts"), &map(&[("p", new("BOLT"))]));
    assert_eq!(planned.entry("pieces"), &list(&[new("NUT")]));

    let state = plan_and_apply(&things, &Value::Null, &config);
    let made = |kind: &str, of: &str| map(&[("kind", kind.into()), ("size", 1.into()), ("serial", of.into())]);
    assert_eq!(state.entry("parts"), &map(&[("p", made("BOLT", "serial of p"))]));

    let more = with(&config, &[("parts", map(&[("p", part("bolt")), ("q", part("Gear"))]))]);
    let planned = plan(&things, &state, &more).planned;
    assert_eq!(planned.entry("parts"), &map(&[("p", made("BOLT", "serial of p")), ("q", new("Gear"))]));
    let state = plan_and_apply(&things, &state, &more);
    let both = map(&[("p", made("BOLT", "serial of p")), ("q", made("Gear", "serial of q"))]);
    assert_eq!(state.entry("parts"), &both);
}

#[test]
fn a_resource_decides_computed_values_of_nested_objects() {
    let decides = |plan: &mut Plan<Thing>| {
        let Tf::Known(parts) = &mut plan.planned.parts else { panic!("no parts") };
        for part in parts.values_mut() {
            *part = Part { serial: "planned".to_owned().into(), kind: word("meddled").into(), size: 9.into() };
        }
        parts.insert("extra".to_owned(), Part::default());
    };
    let part = object::<Part>(&[("kind", "BOLT".into())]);
    let config = thing(&[("name", "a".into()), ("parts", map(&[("p", part)]))]);
    let planned = plan(&Things { plan: decides, ..Things::default() }, &Value::Null, &config).planned;
    let part = map(&[("kind", "BOLT".into()), ("size", 1.into()), ("serial", "planned".into())]);
    assert_eq!(planned.entry("parts"), &map(&[("p", part)]));
}

#[test]
fn the_plan_of_an_object_to_destroy_is_null_and_does_not_call_the_resource() {
    let things = Things::default();
    let state = plan_and_apply(&things, &Value::Null, &thing(&[("name", "a".into())]));
    let before = things.calls.lock().unwrap().len();
    assert_eq!(plan(&things, &state, &Value::Null).planned, Value::Null);
    assert_eq!(plan(&things, &Value::Null, &Value::Null).planned, Value::Null);
    assert_eq!(things.calls.lock().unwrap().len(), before);
}

#[test]
fn every_invalid_attribute_is_reported_at_once_at_its_path() {
    let config = thing(&[
        ("name", "a".into()),
        ("zone", "no word".into()),
        ("count", 256.into()),
        ("parts", map(&[("p", object::<Part>(&[("kind", "!".into()), ("size", (-1).into())]))])),
        ("sequence", list(&["a".into(), Value::Null, "?".into()])),
        ("members", list(&["?".into()])),
        ("timeouts", map(&[("create", "?".into())])),
    ]);
    let response = try_plan(&Things::default(), &Value::Null, &config);
    let mut paths: Vec<_> = messages_of(&response.diagnostics).into_iter().map(|(_, path)| path).collect();
    paths.sort();
    let expected = [
        "count",
        "members",
        "parts[\"p\"].kind",
        "parts[\"p\"].size",
        "sequence[1]",
        "sequence[2]",
        "timeouts.create",
        "zone",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn validation_reports_the_findings_of_the_resource() {
    let things = Things::default();
    let validate = |config: &Value| ErasedResource::validate(&things, config);
    assert_messages(&validate(&thing(&[("name", "".into())])), &[("Empty name", "name")]);
    assert_messages(&validate(&thing(&[("name", Value::Unknown)])), &[]);
    assert_messages(
        &validate(&thing(&[("name", "a".into()), ("zone", "no word".into())])),
        &[("Invalid zone", "zone")],
    );
}

#[test]
fn an_attribute_that_only_the_provider_may_set_is_refused_at_its_path() {
    let part = object::<Part>(&[("kind", "bolt".into()), ("serial", "mine".into())]);
    let config = thing(&[
        ("name", "a".into()),
        ("id", "mine".into()),
        ("address", "allowed".into()),
        ("status", map(&[("ready", true.into())])),
        ("parts", map(&[("p", part.clone()), ("q", Value::Unknown)])),
        ("pieces", list(&[object::<Part>(&[("kind", "nut".into())]), part])),
    ]);
    let expected = [
        ("id cannot be set", "id"),
        ("serial cannot be set", "parts[\"p\"].serial"),
        ("serial cannot be set", "pieces[1].serial"),
        ("status cannot be set", "status"),
    ];
    assert_messages(&ErasedResource::validate(&Things::default(), &config), &expected);
    let unknown = thing(&[("name", "a".into()), ("id", Value::Unknown), ("parts", Value::Unknown)]);
    assert_messages(&ErasedResource::validate(&Things::default(), &unknown), &[("id cannot be set", "id")]);
}

#[test]
fn an_argument_that_is_not_known_yet_is_kept_if_the_resource_allows_it() {
    let config = thing(&[("name", "a".into()), ("zone", "East".into())]);
    let state = plan_and_apply(&Things::default(), &Value::Null, &config);
    let unknown = with(&config, &[("zone", Value::Unknown), ("note", "new".into())]);
    let planned = plan(&Things::default(), &state, &unknown);
    assert_eq!((planned.planned.entry("zone"), planned.replace.len()), (&Value::Unknown, 1));
    let sees_it = |plan: &mut Plan<Thing>| {
        assert_eq!(plan.kept, [Path::attribute("zone")]);
        assert_eq!((&plan.config.zone, &plan.planned.zone), (&word("east").into(), &word("east").into()));
    };
    let keeping = Things { keeps: Some("zone"), plan: sees_it, ..Things::default() };
    let planned = plan(&keeping, &state, &unknown);
    assert_eq!((planned.planned, planned.replace), (with(&state, &[("note", "new".into())]), vec![]));
    // A new object has no prior value to keep, and neither has an object without a value.
    let keeping = Things { keeps: Some("zone"), plan: |plan| assert_eq!(plan.kept, []), ..Things::default() };
    let nowhere = plan_and_apply(&keeping, &Value::Null, &thing(&[("name", "a".into())]));
    for prior in [&Value::Null, &nowhere] {
        assert_eq!(plan(&keeping, prior, &unknown).planned.entry("zone"), &Value::Unknown);
    }
}

#[test]
fn a_value_other_than_the_kept_one_is_refused_at_its_argument() {
    let config = thing(&[("name", "a".into()), ("zone", "East".into())]);
    let state = plan_and_apply(&Things::default(), &Value::Null, &config);
    let west = with(&config, &[("zone", "West".into())]);
    let second = Things { keeps: Some("zone"), has_kept: true, ..Things::default() };
    let refused = try_plan(&second, &state, &west);
    assert_messages(&refused.diagnostics, &[("The value is not the one that the plan kept", "zone")]);
    let detail = &refused.diagnostics.iter().next().unwrap().detail;
    assert_eq!(
        detail,
        "The plan kept zone = \"East\", because its value was not known. The value is \"West\" now. This test_thing \
         was not changed. Plan again: the next plan replaces it."
    );
    assert_eq!(refused.planned, state);
    // Another spelling is the same value, and an argument that was not kept is replaced.
    let spelt = with(&config, &[("zone", "EAST".into())]);
    assert_eq!(plan(&second, &state, &spelt).planned, state);
    let first = Things { keeps: Some("zone"), ..Things::default() };
    assert_eq!(plan(&first, &state, &west).replace.len(), 1);
    let other = Things { keeps: Some("address"), has_kept: true, ..Things::default() };
    assert_eq!(plan(&other, &state, &west).replace.len(), 1);
}
