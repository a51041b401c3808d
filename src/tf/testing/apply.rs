//! Rules of apply.

use super::*;

fn failure() -> Diagnostics {
    Diagnostic::error("It failed", "Try again.").into()
}

#[test]
fn known_planned_values_survive_apply_in_their_spelling() {
    let config = thing(&[
        ("name", "a".into()),
        ("note", "HELLO".into()),
        ("zone", "East".into()),
        ("members", list(&["A".into(), "a".into(), "b".into()])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "BOLT".into())]))])),
        ("timeouts", map(&[("create", "LONG".into())])),
    ]);
    let state = plan_and_apply(&Things::default(), &Value::Null, &config);
    for name in ["name", "note", "zone", "members", "timeouts", "tags"] {
        assert_eq!(state.entry(name), config.entry(name), "{name}");
    }
    assert_eq!(state.entry("parts").entry("p").entry("kind"), &"BOLT".into());
    assert!(state.is_wholly_known(), "{state:?}");
}

#[test]
fn a_resource_that_changes_a_planned_value_is_named() {
    let things = Things {
        create: |apply| {
            fill_in(&mut apply.state);
            apply.state.name = "other".to_owned().into();
            apply.state.tags = Tf::Null;
            let Tf::Known(parts) = &mut apply.state.parts else { panic!("no parts") };
            parts.insert("p".to_owned(), Part { kind: word("gear").into(), size: 1.into(), serial: Tf::Null });
            Ok(())
        },
        ..Things::default()
    };
    let config = thing(&[
        ("name", "a".into()),
        ("tags", map(&[("k", "v".into())])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "bolt".into())]))])),
    ]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    let what = "The plan was not kept";
    assert_messages(&response.diagnostics, &[(what, "name"), (what, "tags"), (what, "parts")]);
    assert_eq!(response.state.entry("id"), &"thing-1".into(), "the new object is not lost");
}

#[test]
fn an_error_about_a_sensitive_value_does_not_show_it() {
    let things = Things {
        create: |apply| {
            fill_in(&mut apply.state);
            apply.state.secret = "other".to_owned().into();
            Ok(())
        },
        ..Things::default()
    };
    let config = thing(&[("name", "a".into()), ("secret", "mine".into())]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    // The error does not point at the attribute either, because Terraform prints the lines that a message points at.
    assert_messages(&response.diagnostics, &[("The plan was not kept", "")]);
    let text = format!("{:?}", response.diagnostics);
    assert!(text.contains("argument `secret`") && !text.contains("mine") && !text.contains("other"), "{text}");
}

#[test]
fn a_value_that_a_service_changed_is_reported_with_the_request_and_the_answer() {
    let things = Things {
        create: |apply| {
            fill_in(&mut apply.state);
            apply.state.note = word("other").into();
            apply.state.secret = "theirs".to_owned().into();
            apply.state.tags = BTreeMap::from([("k".to_owned(), "w".to_owned())]).into();
            Ok(())
        },
        service: Some("the cloud"),
        ..Things::default()
    };
    let config = thing(&[
        ("name", "a".into()),
        ("note", "mine".into()),
        ("secret", "hidden".into()),
        ("tags", map(&[("k", "v".into())])),
    ]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    let what = "The answer differs from the request";
    // Terraform would print the line of a sensitive argument.
    assert_messages(&response.diagnostics, &[(what, "note"), (what, ""), (what, "tags")]);
    let details: Vec<_> = response.diagnostics.iter().map(|one| one.detail.as_str()).collect();
    assert!(
        details[0].starts_with("note of this test_thing was requested as \"mine\", and the cloud answered \"other\".")
    );
    assert!(details[1].starts_with(
        "the cloud answered another value than the one that was requested for secret of this test_thing."
    ));
    assert!(details[2].contains("requested as {k = \"v\"}, and the cloud answered {k = \"w\"}."), "{}", details[2]);
    assert!(
        details
            .iter()
            .all(|details| !details.contains("bug") && !details.contains("hidden") && !details.contains("theirs"))
    );
    assert_eq!(response.state.entry("note"), &"other".into(), "the new object is not lost");
}

#[test]
fn nothing_is_unknown_after_apply() {
    let things = Things {
        create: |apply| {
            apply.state.id = "thing-1".to_owned().into();
            apply.state.secret = Tf::Null;
            apply.state.status = Status { ready: Tf::Unknown }.into();
            Ok(())
        },
        ..Things::default()
    };
    let part = object::<Part>(&[("kind", "bolt".into())]);
    let config = thing(&[("name", "a".into()), ("pieces", list(&[part]))]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    let what = "The plan was not kept";
    assert_messages(&response.diagnostics, &[(what, "address"), (what, "pieces"), (what, "status")]);
    assert!(response.diagnostics.iter().all(|diagnostic| diagnostic.detail.contains("is still unknown")));
    assert!(response.state.is_wholly_known(), "Terraform would add another error: {:?}", response.state);
    assert_eq!(response.state.entry("id"), &"thing-1".into());
}

#[test]
fn a_failed_create_leaves_no_object() {
    let things = Things { create: |_| Err(failure()), ..Things::default() };
    let config = thing(&[("name", "a".into())]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    assert_messages(&response.diagnostics, &[("It failed", "")]);
    assert_eq!(response.state, Value::Null);
}

#[test]
fn a_failed_update_leaves_the_prior_state() {
    let things = Things { update: |_| Err(failure()), ..Things::default() };
    let config = thing(&[("name", "a".into())]);
    let state = plan_and_apply(&things, &Value::Null, &config);
    let changed = with(&config, &[("name", "b".into())]);
    let planned = plan(&things, &state, &changed).planned;
    let response = apply(&things, &state, &planned, &changed);
    assert_messages(&response.diagnostics, &[("It failed", "")]);
    assert_eq!(response.state, state);
}

#[test]
fn the_state_that_a_failed_apply_reached_is_kept() {
    let fails_late = |apply: &mut Apply<Thing>| {
        apply.state.id = "thing-7".to_owned().into();
        apply.private.insert("token".to_owned(), "t".into());
        apply.warnings.push(Diagnostic::warning("Slow", "It took long."));
        apply.reached = Some(apply.state.clone());
        Err(failure())
    };
    let things = Things { create: fails_late, update: fails_late, ..Things::default() };
    let config = thing(&[("name", "a".into()), ("note", "HELLO".into())]);
    let planned = plan(&things, &Value::Null, &config).planned;
    let response = apply(&things, &Value::Null, &planned, &config);
    assert_messages(&response.diagnostics, &[("Slow", ""), ("It failed", "")]);
    assert_eq!(response.state.entry("id"), &"thing-7".into());
    assert_eq!(response.state.entry("note"), &"HELLO".into(), "in the spelling of the plan");
    assert!(response.state.is_wholly_known(), "values that were not reached are null: {:?}", response.state);
    assert_eq!(response.private["token"], "t");

    let state = plan_and_apply(&Things::default(), &Value::Null, &config);
    let response = apply(&things, &state, &with(&state, &[("id", Value::Unknown)]), &config);
    assert_eq!(response.state.entry("id"), &"thing-7".into());
}

#[test]
fn delete_returns_null_and_a_failed_delete_returns_the_prior_state() {
    let things = Things::default();
    let state = plan_and_apply(&things, &Value::Null, &thing(&[("name", "a".into())]));
    assert_eq!(apply(&things, &state, &Value::Null, &Value::Null).state, Value::Null);
    let things = Things { delete: || Err(failure()), ..Things::default() };
    let response = apply(&things, &state, &Value::Null, &Value::Null);
    assert_messages(&response.diagnostics, &[("It failed", "")]);
    assert_eq!(response.state, state);
}

#[test]
fn delete_of_nothing_does_not_call_the_resource() {
    let things = Things::default();
    let response = apply(&things, &Value::Null, &Value::Null, &Value::Null);
    assert_eq!((response.state, response.diagnostics), (Value::Null, Diagnostics::new()));
    assert!(things.calls.lock().unwrap().is_empty());
}

#[test]
fn private_data_of_the_plan_reaches_apply_and_private_data_of_apply_is_kept() {
    let things = Things {
        plan: |plan| {
            plan.private.insert("planned".to_owned(), 1.into());
        },
        create: |apply| {
            fill_in(&mut apply.state);
            let planned = apply.private.remove("planned").unwrap();
            apply.private.insert("applied".to_owned(), planned);
            Ok(())
        },
        ..Things::default()
    };
    let config = thing(&[("name", "a".into())]);
    let planned = plan(&things, &Value::Null, &config);
    let request = ApplyRequest {
        prior: Value::Null,
        planned: planned.planned,
        config,
        private: planned.private,
        stop: Stop::default(),
    };
    let response = ErasedResource::apply(&things, request);
    assert_eq!(serde_json::Value::Object(response.private), serde_json::json!({ "applied": 1 }));
}
