//! Refresh, import, move and upgrade.

use serde_json::json;

use super::*;

fn state() -> Value {
    let part = object::<Part>(&[("kind", "BOLT".into())]);
    let config = thing(&[("name", "a".into()), ("note", "HELLO".into()), ("parts", map(&[("p", part)]))]);
    plan_and_apply(&Things::default(), &Value::Null, &config)
}

#[test]
fn read_keeps_the_spelling_and_shows_what_changed() {
    let things = Things {
        read: |mut thing| {
            thing.address = word("moved").into();
            thing.timeouts = Timeouts::default().into();
            Some(thing)
        },
        ..Things::default()
    };
    let (now, _) = ErasedResource::read(&things, &state()).unwrap();
    assert_eq!(now, with(&state(), &[("address", "moved".into())]));
}

#[test]
fn a_changed_part_keeps_the_spelling_of_the_other_parts() {
    let things = Things {
        read: |mut thing| {
            let Tf::Known(parts) = &mut thing.parts else { panic!("no parts") };
            parts.get_mut("p").unwrap().size = 5.into();
            Some(thing)
        },
        ..Things::default()
    };
    let (now, _) = ErasedResource::read(&things, &state()).unwrap();
    let part = now.entry("parts").entry("p");
    assert_eq!((part.entry("kind"), part.entry("size")), (&"BOLT".into(), &5.into()));
}

#[test]
fn the_read_of_a_deleted_object_is_null() {
    let things = Things { read: |_| None, ..Things::default() };
    assert_eq!(ErasedResource::read(&things, &state()), Ok((Value::Null, Diagnostics::new())));
}

#[test]
fn nothing_is_unknown_after_read() {
    let things = Things { read: |thing| Some(Thing { address: Tf::Unknown, ..thing }), ..Things::default() };
    let diagnostics = ErasedResource::read(&things, &state()).unwrap_err();
    assert_messages(&diagnostics, &[("Unknown value", "address")]);
}

#[test]
fn import_fills_in_defaults() {
    let imported = ErasedResource::import(&Things::default(), "thing-3").unwrap().0;
    let part = map(&[("kind", "bolt".into()), ("size", 1.into()), ("serial", Value::Null)]);
    let expected = thing(&[
        ("id", "thing-3".into()),
        ("count", 1.into()),
        ("cascade", false.into()),
        ("parts", map(&[("a", part)])),
    ]);
    assert_eq!(imported, expected);
}

#[test]
fn a_move_accepts_a_supported_type_and_names_any_other() {
    let state = json!({ "id": "aws-1" });
    let source = |type_name| MoveSource {
        provider_address: "registry.example/aws",
        type_name,
        schema_version: 0,
        state: &state,
    };
    let moved = ErasedResource::move_from(&Things::default(), &source("aws_thing")).unwrap();
    assert_eq!(moved, thing(&[("id", "aws-1".into()), ("count", 1.into()), ("cascade", false.into())]));
    let diagnostics = ErasedResource::move_from(&Things::default(), &source("aws_other")).unwrap_err();
    assert_messages(&diagnostics, &[("Unsupported move", "")]);
    let text = format!("{diagnostics:?}");
    assert!(
        text.contains("aws_other") && text.contains("registry.example/aws") && text.contains("test_thing"),
        "{text}"
    );
}

#[test]
fn a_move_of_this_type_from_another_address_of_the_provider_is_an_upgrade() {
    let state = json!({ "title": "a", "count": 3 });
    for provider_address in ["registry.terraform.io/acme/test", "registry.opentofu.org/other/test", "test"] {
        let things = Things::default();
        let source = MoveSource { provider_address, type_name: "test_thing", schema_version: 1, state: &state };
        let moved = ErasedResource::move_from(&things, &source).unwrap();
        assert_eq!(moved, thing(&[("name", "a".into()), ("count", 3.into())]), "no default is filled in");
        assert_eq!(*things.calls.lock().unwrap(), ["seen", "upgrade"]);
        let newer = MoveSource { schema_version: 3, ..source };
        assert_messages(&ErasedResource::move_from(&things, &newer).unwrap_err(), &[("State of a newer provider", "")]);
    }
    let alien =
        MoveSource { provider_address: "acme/other", type_name: "test_thing", schema_version: 1, state: &state };
    assert_messages(&ErasedResource::move_from(&Things::default(), &alien).unwrap_err(), &[("Unsupported move", "")]);
}

#[test]
fn a_state_of_this_version_is_read_without_an_upgrade() {
    let things = Things::default();
    let json = json!({ "name": "a", "note": "HELLO", "count": 3, "forgotten": { "x": [1] }, "tags": { "k": "v" } });
    let read = ErasedResource::upgrade(&things, 2, json).unwrap();
    let expected =
        [("name", "a".into()), ("note", "HELLO".into()), ("count", 3.into()), ("tags", map(&[("k", "v".into())]))];
    assert_eq!(read, thing(&expected), "unknown attributes are ignored, missing ones are null");
    assert_eq!(*things.calls.lock().unwrap(), ["seen"]);
}

#[test]
fn a_state_of_an_older_version_is_upgraded() {
    let things = Things::default();
    let read = ErasedResource::upgrade(&things, 1, json!({ "title": "a" })).unwrap();
    assert_eq!(read, thing(&[("name", "a".into())]));
    assert_eq!(*things.calls.lock().unwrap(), ["seen", "upgrade"]);
}

#[test]
fn the_error_about_a_damaged_state_names_the_attribute() {
    let diagnostics = ErasedResource::upgrade(&Things::default(), 2, json!({ "count": ["three"] })).unwrap_err();
    assert_messages(&diagnostics, &[("Damaged state", "")]);
    let text = format!("{diagnostics:?}");
    assert!(text.contains("count: [\\\"three\\\"] was found where \\\"number\\\" is needed."), "{text}");
}
