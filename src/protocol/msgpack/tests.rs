use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn object() -> Type {
    Type::object([("a", Type::String), ("b", Type::list(Type::Number))])
}

/// The same bytes are read and written, as Terraform sends and receives them.
#[test]
fn each_value_is_encoded_as_and_decoded_from_its_bytes() {
    let map = |entries: &[(&str, Value)]| {
        Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    let dynamic = |ty, value| Value::Dynamic(Box::new((ty, value)));
    let long = "x".repeat(40);
    let long_bytes = [&[0xd9, 40], long.as_bytes()].concat();
    let table: Vec<(Type, Value, &[u8])> = vec![
        (Type::String, Value::Null, b"\xc0"),
        (Type::String, Value::Unknown, b"\xd4\x00\x00"),
        (Type::String, "ab".into(), b"\xa2ab"),
        (Type::String, long.as_str().into(), &long_bytes),
        (Type::Bool, true.into(), b"\xc3"),
        (Type::Bool, false.into(), b"\xc2"),
        (Type::Number, 0.into(), b"\x00"),
        (Type::Number, 127.into(), b"\x7f"),
        (Type::Number, 128.into(), b"\xcc\x80"),
        (Type::Number, 256.into(), b"\xcd\x01\x00"),
        (Type::Number, 65_536.into(), b"\xce\x00\x01\x00\x00"),
        (Type::Number, (1_i64 << 32).into(), b"\xd3\x00\x00\x00\x01\x00\x00\x00\x00"),
        (Type::Number, (-1).into(), b"\xff"),
        (Type::Number, (-32).into(), b"\xe0"),
        (Type::Number, (-33).into(), b"\xd0\xdf"),
        (Type::Number, (-129).into(), b"\xd1\xff\x7f"),
        (Type::Number, (-32_769).into(), b"\xd2\xff\xff\x7f\xff"),
        (Type::Number, i64::MIN.into(), b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
        (Type::Number, number("0.5"), b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"),
        // No float is exactly a tenth.
        (Type::Number, number("0.1"), b"\xa30.1"),
        (Type::Number, number("9223372036854775808"), b"\xb39223372036854775808"),
        (Type::Number, Value::Number(Number::PositiveInfinity), b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
        (Type::Number, Value::Number(Number::NegativeInfinity), b"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"),
        (Type::list(Type::String), Value::List(vec![]), b"\x90"),
        (Type::list(Type::String), Value::List(vec!["a".into(), Value::Null]), b"\x92\xa1a\xc0"),
        (Type::set(Type::Number), Value::List(vec![1.into(), 2.into()]), b"\x92\x01\x02"),
        (Type::Tuple(vec![Type::Bool, Type::String]), Value::List(vec![true.into(), "a".into()]), b"\x92\xc3\xa1a"),
        (Type::map(Type::Bool), map(&[("k", true.into())]), b"\x81\xa1k\xc3"),
        (
            object(),
            map(&[("a", Value::Unknown), ("b", Value::List(vec![7.into()]))]),
            b"\x82\xa1a\xd4\x00\x00\xa1b\x91\x07",
        ),
        (Type::Dynamic, Value::Unknown, b"\xd4\x00\x00"),
        (Type::Dynamic, dynamic(Type::Bool, true.into()), b"\x92\xc4\x06\"bool\"\xc3"),
        (Type::Dynamic, dynamic(Type::String, Value::Null), b"\x92\xc4\x08\"string\"\xc0"),
    ];
    for (ty, value, bytes) in table {
        assert_eq!(encode(&value, &ty).unwrap(), bytes, "{value:?}");
        assert_eq!(decode(bytes, &ty).unwrap(), value, "{bytes:x?}");
    }
}

#[test]
fn other_encodings_of_the_same_value_are_read() {
    let table: Vec<(Type, &[u8], Value)> = vec![
        (Type::Number, b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", number("18446744073709551615")),
        (Type::Number, b"\xd3\x00\x00\x00\x00\x00\x00\x00\x01", 1.into()),
        (Type::Number, b"\xd0\x01", 1.into()),
        (Type::Number, b"\xca\x3f\x00\x00\x00", number("0.5")),
        (Type::Number, b"\xcb\x40\x00\x00\x00\x00\x00\x00\x00", 2.into()),
        (Type::Number, b"\xa5-1e-3", number("-0.001")),
        (Type::String, b"\xda\x00\x01a", "a".into()),
        (Type::String, b"\xdb\x00\x00\x00\x01a", "a".into()),
        (Type::list(Type::Bool), b"\xdc\x00\x01\xc3", Value::List(vec![true.into()])),
        (Type::map(Type::Bool), b"\xdf\x00\x00\x00\x00", Value::Map([].into())),
        // Elements of a set are in any order, and may be repeated.
        (Type::set(Type::Number), b"\x93\x02\x01\x02", Value::List(vec![1.into(), 2.into()])),
        // Two unknown elements may become different values.
        (Type::set(Type::Bool), b"\x92\xd4\x00\x00\xd4\x00\x00", Value::List(vec![Value::Unknown, Value::Unknown])),
        // Refinements: the value is not null, and has a prefix.
        (Type::String, b"\xc7\x03\x0c\x81\x01\xc2", Value::Unknown),
        (Type::String, b"\xc7\x07\x0c\x82\x01\xc2\x02\xa2ab", Value::Unknown),
        (Type::String, b"\xc7\x00\x00", Value::Unknown),
        (Type::Dynamic, b"\x92\xa6\"bool\"\xc3", Value::Dynamic(Box::new((Type::Bool, true.into())))),
    ];
    for (ty, bytes, value) in table {
        assert_eq!(decode(bytes, &ty).unwrap(), value, "{bytes:x?}");
    }
}

#[test]
fn invalid_bytes_are_errors_that_name_the_place() {
    let table: Vec<(Type, &[u8], &str, &str)> = vec![
        (Type::String, b"", "", "the value ends too early."),
        (Type::String, b"\xa2a", "", "the value ends too early."),
        (Type::String, b"\xa1\xff", "", "a string is not UTF-8."),
        (Type::String, b"\xc1", "", "the byte c1 has no meaning."),
        (Type::String, b"\xa1a\xc0", "", "there are bytes after the value."),
        (Type::String, b"\x01", "", "a number was found where \"string\" is needed."),
        (Type::Bool, b"\xa1a", "", "a string was found where \"bool\" is needed."),
        (Type::Number, b"\xa1a", "", "\"a\" is not a number."),
        (Type::Number, b"\xa71e99999", "", "\"1e99999\" has too large an exponent."),
        (Type::Number, b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "", "NaN is not a number in Terraform."),
        (Type::list(Type::Bool), b"\xdd\xff\xff\xff\xff", "", "the value has more than 8000000 elements."),
        (Type::list(Type::Bool), b"\x93\xc3", "", "3 elements are announced and fewer follow."),
        (Type::list(Type::Bool), b"\x92\xc3\x01", "[1]", "a number was found where \"bool\" is needed."),
        (Type::Tuple(vec![Type::Bool]), b"\x92\xc3\xc3", "", "2 elements were found where 1 are needed."),
        (Type::map(Type::Bool), b"\x81\x01\xc3", "", "a number was found where a key is needed."),
        (Type::map(Type::Bool), b"\x82\xa1k\xc3\xa1k\xc3", "", "the key \"k\" appears twice."),
        (Type::map(Type::Bool), b"\x81\xa1k\x01", "[\"k\"]", "a number was found where \"bool\" is needed."),
        (object(), b"\x81\xa1a\xc0", "", "the attribute \"b\" is missing."),
        (object(), b"\x83\xa1a\xc0\xa1b\xc0\xa1c\xc0", "", "there is no attribute \"c\"."),
        (object(), b"\x83\xa1a\xc0\xa1b\xc0\xa1a\xc0", "", "the attribute \"a\" appears twice."),
        (object(), b"\x82\xa1a\xc0\xa1b\x91\xc3", "b[0]", "a bool was found where \"number\" is needed."),
        (Type::Dynamic, b"\xc3", "", "a bool was found where \"dynamic\" is needed."),
        (Type::Dynamic, b"\x92\x01\xc3", "", "a number was found where a type is needed."),
        (Type::Dynamic, b"\x92\xa6\"bull\"\xc3", "", "the type of a dynamic value is broken: \"bull\" is not a type."),
    ];
    for (ty, bytes, path, sentence) in table {
        let error = decode(bytes, &ty).unwrap_err();
        assert_eq!((error.path.to_string().as_str(), error.sentence.as_str()), (path, sentence), "{bytes:x?}");
    }
}

#[test]
fn an_endlessly_nested_value_is_refused() {
    let bytes = [&b"\x92\xa9\"dynamic\""[..]; 10_000].concat();
    assert_eq!(decode(&bytes, &Type::Dynamic).unwrap_err().sentence, "the value is more than 100 levels deep.");
}

#[test]
fn value_of_another_type_is_not_written() {
    let table = [
        (Type::String, Value::from(true), ""),
        (Type::list(Type::String), Value::List(vec!["a".into(), 1.into()]), "[1]"),
        (object(), Value::Map([("a".to_owned(), 1.into())].into()), "a"),
        (object(), Value::Map([("z".to_owned(), 1.into())].into()), ""),
        (Type::Tuple(vec![]), Value::List(vec![1.into()]), ""),
        (Type::Dynamic, "a".into(), ""),
    ];
    for (ty, value, path) in table {
        assert_eq!(encode(&value, &ty).unwrap_err().path.to_string(), path, "{value:?}");
    }
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Bool), Just(Type::Number), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|map| Type::Object(map, BTreeSet::new())),
        ]
    })
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<i128>().prop_map(Number::from),
        any::<f64>().prop_filter_map("NaN", Number::from_f64),
        "-?[0-9]{1,30}\\.[0-9]{1,30}".prop_map(|text| text.parse().unwrap()),
    ]
}

fn any_value(ty: Type) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => any_number().prop_map(Value::Number).boxed(),
        Type::Dynamic => prop_oneof![Just(Type::String), Just(Type::list(Type::Number))]
            .prop_flat_map(|ty| any_value(ty.clone()).prop_map(move |value| (ty.clone(), value)))
            .prop_map(|pair| Value::Dynamic(Box::new(pair)))
            .boxed(),
        Type::List(item) => prop::collection::vec(any_value(*item), 0..20).prop_map(Value::List).boxed(),
        Type::Set(item) => prop::collection::vec(any_value(*item), 0..4).prop_map(Value::set).boxed(),
        Type::Map(item) => {
            prop::collection::btree_map(any::<String>(), any_value(*item), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Tuple(types) => types.into_iter().map(any_value).collect::<Vec<_>>().prop_map(Value::List).boxed(),
        Type::Object(attributes, _) => {
            let (names, types): (Vec<_>, Vec<_>) = attributes.into_iter().unzip();
            let values: Vec<_> = types.into_iter().map(any_value).collect();
            values.prop_map(move |values| Value::Map(names.iter().cloned().zip(values).collect())).boxed()
        }
    };
    prop_oneof![1 => Just(Value::Null), 1 => Just(Value::Unknown), 8 => known].boxed()
}

proptest! {
    #[test]
    fn every_value_is_decoded_as_it_was_encoded(
        (ty, value) in any_type().prop_flat_map(|ty| (Just(ty.clone()), any_value(ty))),
    ) {
        let bytes = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&bytes, &ty).unwrap(), value);
        // Another implementation finds exactly one value in these bytes as well.
        let mut rest = &bytes[..];
        rmpv::decode::read_value(&mut rest).unwrap();
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(ty in any_type(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = decode(&bytes, &ty);
    }

    #[test]
    fn changed_bytes_do_not_make_the_decoder_panic(
        (ty, value) in any_type().prop_flat_map(|ty| (Just(ty.clone()), any_value(ty))),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&value, &ty).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty).unwrap(), value);
        }
    }
}
