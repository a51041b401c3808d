//! Tests of the export file: its form, and the errors about a broken one.

use super::*;

fn scope() -> Item {
    let record = r#"{"id":"ipam-scope-1","name":"default-private","owner":"ipam","state":"active","confirmed":true,
        "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","scope_type":"private",
        "is_default":true,"description":null,"tags":{}}"#;
    Item::Scope(serde_json::from_str(record).unwrap())
}

fn written(items: &[Item]) -> String {
    let mut writer = Writer::new(Vec::new(), "2026-01-01T00:00:00Z".parse().unwrap(), "a \"store\"", false).unwrap();
    items.iter().for_each(|item| writer.write(item).unwrap());
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

/// The items, the mistakes with their lines, and the reason why reading ended early.
fn parsed(text: &str) -> (Vec<Item>, Vec<Mistake>, Option<Mistake>) {
    let (mut items, mut mistakes) = (Vec::new(), Vec::new());
    let read = read(text.as_bytes(), &mut |_| (), &mut |line, item| {
        match item {
            Ok(item) => items.push(item),
            Err(what) => mistakes.push(Mistake { line, what }),
        }
        true
    });
    (items, mistakes, read.err())
}

#[test]
fn one_object_stands_on_each_line() {
    let text = written(&[scope()]);
    let lines: Vec<&str> = text.lines().collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines[0],
        format!(
            r#"{{"format":"terraform-provider-ipam/export","version":1,"program":"{version}","exported_at":"2026-01-01T00:00:00Z","source":"a \"store\"","#
        )
    );
    assert_eq!(lines[1], "\"scopes\":[");
    assert!(lines[2].starts_with("{\"id\":\"ipam-scope-1\",\"name\":\"default-private\","), "{}", lines[2]);
    assert_eq!(lines[3..], ["],", "\"pools\":[],", "\"pool_cidrs\":[],", "\"allocations\":[],", "\"events\":[]}"]);
    serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(parsed(&text), (vec![scope()], vec![], None));
}

#[test]
fn a_file_with_other_white_space_is_as_good() {
    let pretty = serde_json::to_string_pretty(
        &serde_json::from_str::<serde_json::Map<String, Value>>(&written(&[scope()])).unwrap(),
    );
    // A map of serde_json does not keep the order of keys in the file: put the header first again.
    let pretty = pretty.unwrap().replacen('{', "{\"format\": \"terraform-provider-ipam/export\", \"version\": 1,", 1);
    assert_eq!(parsed(&pretty), (vec![scope()], vec![], None));
}

#[test]
fn a_broken_file_is_reported_with_its_line() {
    let good = written(&[scope()]);
    for (broken, line, what) in [
        (String::new(), 1, "The file ends too early: EOF while parsing a value."),
        ("[]".to_owned(), 1, "This is not the JSON of an export: the object of an export was expected."),
        ("{}".to_owned(), 1, "The file is not an export: \"format\" and \"version\" are missing."),
        ("hello".to_owned(), 1, "This is not the JSON of an export: expected value."),
        (good[..good.len() - 3].to_owned(), 8, "The file ends too early: EOF while parsing a list."),
        (good.clone() + "x", 9, "This is not the JSON of an export: trailing characters."),
        (
            good.replace("ipam/export", "ipam/other"),
            1,
            "The file is not an export: its format is not \"terraform-provider-ipam/export\".",
        ),
        (
            good.replace("\"version\":1", "\"version\":3"),
            1,
            "The file was exported by a newer program, and this program reads exports up to version 2. Import the file \
             with that program, or a later one.",
        ),
        (good.replace("\"version\":1", "\"version\":\"one\""), 1, "The version of the export is not valid."),
        (
            good.replace("\"version\":1,", ""),
            2,
            "The file is not an export: it does not start with \"format\" and \"version\".",
        ),
        (good.replace("\"pools\"", "\"scopes\""), 5, "The list \"scopes\" appears twice."),
        (good.replace("\"pools\"", "\"ponds\""), 5, "The file has a member that is not part of an export."),
        (good.replace("\"pools\":[],\n", ""), 7, "The list \"pools\" is missing."),
        (
            good.replace("\"pools\":[]", "\"pools\":7"),
            5,
            "This is not the JSON of an export: the list of pools was expected.",
        ),
    ] {
        let (_, mistakes, ended) = parsed(&broken);
        assert_eq!(mistakes, [], "{broken}");
        let ended = ended.unwrap_or_else(|| panic!("accepted: {broken}"));
        assert_eq!((ended.line, ended.what.as_str()), (line, what), "{broken}");
    }
}

#[test]
fn a_broken_object_is_reported_and_reading_goes_on() {
    let good = written(&[scope(), scope()]);
    let (first, rest) = good.split_at(good.find("ipam-scope-1").unwrap() + 5);
    for (from, to, what) in [
        ("\"tags\":{}", "\"tags\":7", "The scope ipam-scope-1 cannot be read: a map was expected."),
        (
            "\"tags\":{}",
            "\"tag\":{},\"tags\":{}",
            "The scope ipam-scope-1 has an attribute that this version does not know.",
        ),
        (",\"confirmed\":true", "", "The scope ipam-scope-1 cannot be read: missing field `confirmed`."),
        ("\"name\":\"default-private\"", "\"name\":\"\"", "The scope ipam-scope-1 has no name."),
    ] {
        let broken = first.to_owned() + &rest.replacen(from, to, 1);
        let (items, mistakes, ended) = parsed(&broken);
        assert_eq!((items.len(), ended), (1, None), "{broken}");
        assert_eq!(mistakes, [Mistake { line: 3, what: what.to_owned() }]);
    }
    let (_, mistakes, _) = parsed(&good.replacen("ipam-scope-1", "ipam-pool-1", 1));
    assert_eq!(mistakes[0].what, "The id of a scope must start with \"ipam-scope-\".");
    let (_, mistakes, _) = parsed(&good.replacen("[\n{", "[\n7,{", 1));
    assert_eq!(mistakes[0].what, "A scope must be an object.");
}

/// No error quotes the content of the file.
#[test]
fn the_content_of_a_refused_file_is_never_quoted() {
    let good = written(&[scope()]);
    let secret = "s3cret";
    for (from, to) in [
        ("terraform-provider-ipam/export", secret.to_owned()),
        ("\"version\":1", format!("\"version\":{secret:?}")),
        ("\"pools\":[]", format!("{secret:?}:[]")),
        ("\"pools\":[]", format!("\"pools\":{secret:?}")),
        ("\"pools\":[]", format!("\"pools\":[{secret:?}]")),
        ("\"events\":[]", format!("\"events\":[{{\"sequence\":{secret:?}}}]")),
        ("\"events\":[]", format!("\"events\":[{{\"sequence\":1,\"time\":{secret:?}}}]")),
        ("ipam-scope-1", secret.to_owned()),
        ("ipam-scope-1\",\"name", format!("ipam-scope-{secret}/1\",\"nme")),
        ("\"private\"", format!("{secret:?}")),
        ("\"confirmed\":true", format!("\"confirmed\":{secret:?}")),
        ("\"tags\":{}", format!("\"tags\":{secret:?}")),
        ("\"tags\":{}", format!("\"tags\":{{{secret:?}:7}}")),
        ("\"tags\":{}", format!("\"tags\":{{}},{secret:?}:1")),
        ("2026-01-01T00:00:00Z\",\"updated_at", format!("{secret}\",\"updated_at")),
    ] {
        let broken = good.replacen(from, &to, 1);
        let (_, mistakes, ended) = parsed(&broken);
        let told: Vec<String> = mistakes.into_iter().chain(ended).map(|mistake| mistake.what).collect();
        assert!(!told.is_empty(), "accepted: {broken}");
        assert!(!told.iter().any(|what| what.contains(secret)), "{told:?}");
    }
    let (_, _, ended) = parsed(&format!("{secret:?}"));
    assert!(!ended.unwrap().what.contains(secret));
}
