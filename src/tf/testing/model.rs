//! Values, numbers, types and the model macro.

use serde_json::json;

use super::*;

/// A number of 60 digits. The other constant has as many digits after the point.
const LONG_WHOLE: &str = "123456789012345678901234567890123456789012345678901234567890";
const LONG_FRACTION: &str = "-0.000000000000000000000000000000000000000000000000000000000001";

#[test]
fn numbers_of_sixty_digits_are_lossless() {
    for text in [LONG_WHOLE, LONG_FRACTION, "0", "-1", "0.1", "18446744073709551616"] {
        let number: Number = text.parse().unwrap();
        assert_eq!(number.to_string(), text);
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(from_json(&json, &Type::Number), Ok(Value::Number(number)));
    }
    assert_eq!("1e60".parse::<Number>().unwrap().to_string(), format!("1{}", "0".repeat(60)));
    assert_eq!("1.50".parse::<Number>(), "1.5".parse());
    assert_eq!("100".parse::<Number>(), "1e2".parse());
}

#[test]
fn a_few_bytes_cannot_cause_gigabytes_of_digits() {
    for text in ["1e1000000000", "1e-1000000000", "1e99999999999999999999", "NaN", "", "ten", "0x10"] {
        assert!(text.parse::<Number>().is_err(), "{text}");
    }
}

#[test]
fn floats_are_read_exactly() {
    assert_eq!(Number::from_f64(0.5), "0.5".parse().ok());
    assert_eq!(Number::from_f64(-2.0), "-2".parse().ok());
    assert_eq!(Number::from_f64(1e300).map(|number| number.to_f64()), Some(1e300));
    assert_eq!(Number::from_f64(f64::MIN_POSITIVE).map(|number| number.to_f64()), Some(f64::MIN_POSITIVE));
    let tenth = "0.1000000000000000055511151231257827021181583404541015625";
    assert_eq!(Number::from_f64(0.1), tenth.parse().ok());
    for float in [f64::MAX, 5e-324, 0.1, -123.456, 9_007_199_254_740_993.0] {
        assert_eq!(Number::from_f64(float).map(|number| number.to_f64()), Some(float));
    }
    assert_eq!("1e400".parse::<Number>().map(|number| number.to_f64()), Ok(f64::INFINITY));
    assert_eq!(Number::from_f64(f64::INFINITY), Some(Number::PositiveInfinity));
    assert_eq!(Number::from_f64(f64::NEG_INFINITY), Some(Number::NegativeInfinity));
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert!(Number::NegativeInfinity < Number::from(-1) && Number::from(1) < Number::PositiveInfinity);
}

#[test]
fn an_integer_out_of_range_or_with_a_fraction_is_an_error_that_names_the_range() {
    fn check<T: Attr + PartialEq + fmt::Debug>(text: &str, expected: Result<T, &str>) {
        let value = Value::Number(text.parse().unwrap());
        let read = T::from_value(&value, &Path::attribute("count"));
        let read = read.map_err(|diagnostics| diagnostics.into_iter().next().unwrap().detail);
        assert_eq!(read, expected.map_err(str::to_owned));
    }
    check("255", Ok(255u8));
    check("2.550e2", Ok(255u8));
    check::<u8>("256", Err("256 is too large."));
    check::<u8>("-1", Err("-1 is negative, and must not be."));
    check::<u8>("1.5", Err("1.5 is not a whole number."));
    check("18446744073709551615", Ok(u64::MAX));
    check::<u64>("18446744073709551616", Err("18446744073709551616 is too large."));
    check("-9223372036854775808", Ok(i64::MIN));
    check::<u32>(LONG_WHOLE, Err(&format!("{LONG_WHOLE} is too large.")));
    let infinite = u8::from_value(&Value::Number(Number::PositiveInfinity), &Path::root());
    assert!(format!("{infinite:?}").contains("Inf is not a whole number"), "{infinite:?}");
}

#[test]
fn decode_reports_all_errors_with_their_paths() {
    let value = thing(&[
        ("name", true.into()),
        ("zone", "?".into()),
        ("tags", map(&[("good", "v".into()), ("bad", Value::Null)])),
        ("pieces", list(&[object::<Part>(&[("kind", "?".into()), ("size", 300.into())]), Value::Null])),
    ]);
    let expected = [
        ("Invalid name", "name"),
        ("Invalid zone", "zone"),
        ("Invalid tags", "tags[\"bad\"]"),
        ("Invalid pieces", "pieces[0].kind"),
        ("Invalid pieces", "pieces[0].size"),
        ("Invalid pieces", "pieces[1]"),
    ];
    assert_messages(&Thing::decode(&value, &Path::root()).unwrap_err(), &expected);
}

#[test]
fn an_encoded_value_decodes_to_the_same_value() {
    let value = thing(&[
        ("name", "a".into()),
        ("id", Value::Unknown),
        ("members", Value::set(vec!["b".into(), "a".into(), "b".into()])),
        ("parts", map(&[("p", object::<Part>(&[("kind", Value::Unknown)]))])),
        ("timeouts", map(&[("create", "long".into())])),
    ]);
    let decoded = Thing::decode(&value, &Path::root()).unwrap();
    assert_eq!(decoded.encode(), value);
    assert_eq!(decoded.members.get().map(BTreeSet::len), Some(2));
}

#[test]
fn a_collection_with_an_unknown_element_is_unknown_but_nested_objects_are_not() {
    let value = thing(&[
        ("tags", map(&[("k", Value::Unknown)])),
        ("sequence", list(&["a".into(), Value::Unknown])),
        ("parts", map(&[("p", object::<Part>(&[("kind", "bolt".into()), ("serial", Value::Unknown)]))])),
    ]);
    let thing = Thing::decode(&value, &Path::root()).unwrap();
    assert!(thing.tags.is_unknown() && thing.sequence.is_unknown() && thing.parts.is_known());
    assert!(thing.parts.get().unwrap()["p"].serial.is_unknown());
}

#[test]
fn a_schema_contains_the_declaration_of_its_model() {
    let block = Thing::block();
    let flags = |name: &str| {
        let attribute = block.attribute(name).unwrap();
        (attribute.required, attribute.optional, attribute.computed)
    };
    assert_eq!(flags("name"), (true, false, false));
    assert_eq!(flags("id"), (false, false, true));
    assert_eq!(flags("address"), (false, true, true));
    assert_eq!(flags("count"), (false, true, true));
    assert_eq!(block.description, "A thing.");
    assert_eq!(block.attribute("zone").unwrap().description, "Where it is; a thing cannot move.");
    assert_eq!(block.blocks[0].name, "timeouts");
    let types = block.value_type().to_json();
    let part = json!(["object", { "kind": "string", "serial": "string", "size": "number" }]);
    assert_eq!(types[1]["parts"], json!(["map", part]));
    assert_eq!(types[1]["pieces"], json!(["list", part]));
    assert_eq!(types[1]["members"], json!(["set", "string"]));
    assert_eq!(types[1]["timeouts"], json!(["object", { "create": "string" }]));
    assert_eq!(Type::from_json(&types), Ok(block.value_type()));
}

#[test]
fn every_type_is_read_from_json() {
    let check = |ty: serde_json::Value, value: serde_json::Value, expected: Value| {
        let ty = Type::from_json(&ty).unwrap();
        assert_eq!(from_json(&value, &ty), Ok(expected), "{value} as {}", ty.to_json());
        assert_eq!(from_json(&serde_json::Value::Null, &ty), Ok(Value::Null));
    };
    check(json!("string"), json!("a"), "a".into());
    check(json!("bool"), json!(true), true.into());
    check(json!("number"), json!(-7), (-7).into());
    check(json!("number"), json!("7"), 7.into());
    check(json!(["list", "number"]), json!([2, 1, 2]), list(&[2.into(), 1.into(), 2.into()]));
    check(json!(["set", "number"]), json!([2, 1, 2]), list(&[1.into(), 2.into()]));
    check(json!(["map", "string"]), json!({ "k": null }), map(&[("k", Value::Null)]));
    check(json!(["tuple", ["string", "bool"]]), json!(["a", false]), list(&["a".into(), false.into()]));
    let object = json!(["object", { "a": "string", "b": "bool" }, ["b"]]);
    check(object, json!({ "a": "x", "c": 1 }), map(&[("a", "x".into()), ("b", Value::Null)]));
    let dynamic = Value::Dynamic(Box::new((Type::list(Type::Bool), list(&[true.into()]))));
    check(json!("dynamic"), json!({ "type": ["list", "bool"], "value": [true] }), dynamic);
}

#[test]
fn json_of_another_type_is_an_error_that_names_the_place() {
    let check = |ty: serde_json::Value, value: serde_json::Value, sentence: &str| {
        assert_eq!(from_json(&value, &Type::from_json(&ty).unwrap()), Err(sentence.to_owned()));
    };
    check(json!("string"), json!(1), "1 was found where \"string\" is needed.");
    check(json!(["tuple", ["bool"]]), json!([]), "[] was found where [\"tuple\",[\"bool\"]] is needed.");
    check(
        json!(["object", { "a": ["list", "bool"] }]),
        json!({ "a": [0] }),
        "a: 0 was found where \"bool\" is needed.",
    );
    check(json!("number"), json!("many"), "\"many\" is not a number.");
    check(json!("dynamic"), json!({ "value": 1 }), "{\"value\":1} was found where \"dynamic\" is needed.");
    let long = "x".repeat(100);
    check(json!("bool"), json!(long), &format!("\"{}… was found where \"bool\" is needed.", "x".repeat(59)));
    for wrong in [json!("text"), json!(["list"]), json!(["object", []]), json!(["tuple", "bool"]), json!(1), json!([])]
    {
        assert!(Type::from_json(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn paths_are_written_as_in_terraform() {
    let path = Path::attribute("parts").key("a \"b\"").then("sizes").index(3);
    assert_eq!(path.to_string(), "parts[\"a \\\"b\\\"\"].sizes[3]");
    assert_eq!(Path::root().to_string(), "");
}

#[test]
fn messages_stay_in_order_without_duplicates() {
    let (first, second) = (Diagnostic::error("a", ""), Diagnostic::warning("b", ""));
    let mut diagnostics: Diagnostics = [first.clone(), second.clone(), first.clone()].into_iter().collect();
    diagnostics.append(second.clone().into());
    assert_eq!(diagnostics.iter().collect::<Vec<_>>(), [&first, &second]);
    assert!(diagnostics.has_error());
    assert!(Diagnostics::from(second).into_result().is_ok(), "a warning is not a failure");
}
