use std::fs;

use super::*;

pub(super) const LARGE: Limits = LIMITS;

fn reading(limits: &Limits, name: &str, bytes: impl AsRef<[u8]>) -> Result<Vec<Sample>, String> {
    content_by(limits, name, bytes, UnknownColumns::Refuse).map(|told| told.samples)
}

fn content_by(
    limits: &Limits,
    name: &str,
    bytes: impl AsRef<[u8]>,
    unknown: UnknownColumns,
) -> Result<FileContent, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, bytes).unwrap();
    let place = format!("{}/", directory.path().display());
    let below = Below::new([directory.path()]);
    let wishes = Wishes { unknown_columns: unknown, ..Wishes::default() };
    match read_within(limits, &path, &below, Timestamp::UNIX_EPOCH, wishes) {
        Ok(told) => Ok(told),
        Err(Unread::Wrong(words)) => Err(words.replace(&place, "")),
        Err(Unread::NotAllowed(words)) => panic!("{words}"),
    }
}

/// `account region: id type block vpc tags; ...` for each sample.
pub(super) fn shown(samples: &[Sample]) -> Vec<String> {
    let resource = |one: &DiscoveredCidr| {
        let tags: Vec<String> = one.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let vpc = one.vpc_id.as_deref().unwrap_or("-");
        format!("{} {} {} {vpc} {}", one.resource_id, one.resource_type, one.cidr.unwrap(), tags.join(","))
    };
    let sample = |one: &Sample| {
        let resources: Vec<String> = one.outcome.as_ref().unwrap().resources.iter().map(resource).collect();
        format!("{} {}: {}", one.account_id, one.region, resources.join("; "))
    };
    samples.iter().map(sample).collect()
}

#[test]
fn csv_and_json_with_the_same_lines_give_the_same_samples() {
    let csv = "cidr,resource_id,resource_type,name,account,region,vpc_id,description,tags\r\n\
               10.8.0.0/16,,,office,,,,\"Cologne, \"\"old\"\"\nbuilding\",site=cgn; floor=2\r\n\
               \r\n\
               10.9.0.0/16,,,,,,,,\r\n\
               172.16.0.0/16,net-1,vpc,blue,azure,westeurope,,,\r\n\
               172.16.1.0/24,sub-1,subnet,,azure,westeurope,net-1,,\r\n";
    let json = r#"[
        {"cidr": "10.8.0.0/16", "name": "office", "description": "Cologne, \"old\"\nbuilding", "tags": {"site": "cgn", "floor": "2"}},
        {"cidr": "10.9.0.0/16", "name": null, "region": ""},
        {"cidr": "172.16.0.0/16", "resource_id": "net-1", "resource_type": "vpc", "name": "blue", "account": "azure", "region": "westeurope"},
        {"cidr": "172.16.1.0/24", "resource_id": "sub-1", "resource_type": "subnet", "account": "azure", "region": "westeurope", "vpc_id": "net-1"}
    ]"#;
    let says = [
        "azure westeurope: net-1 vpc 172.16.0.0/16 net-1 Name=blue; sub-1 subnet 172.16.1.0/24 net-1 ",
        "on-premises none: office other 10.8.0.0/16 - Description=Cologne, \"old\"\nbuilding,Name=office,floor=2,site=cgn; \
         10.9.0.0/16 other 10.9.0.0/16 - ",
    ];
    for (name, text) in [("on-premises.csv", csv), ("on-premises.JSON", json)] {
        assert_eq!(shown(&reading(&LARGE, name, text).unwrap()), says, "{name}");
        let with_mark = format!("\u{feff}{text}");
        assert_eq!(shown(&reading(&LARGE, name, with_mark).unwrap()), says, "{name} as an editor saves it");
    }
}

#[test]
fn an_empty_list_is_an_empty_sample_of_the_files_name() {
    for (name, text) in [("dc.csv", "cidr,name\n"), ("dc.json", "[]")] {
        assert_eq!(shown(&reading(&LARGE, name, text).unwrap()), ["dc none: "], "{name}");
    }
}

#[test]
fn all_wrong_lines_are_reported_and_the_file_is_not_used() {
    let csv = "cidr,name,resource_type,tags,region\n\
               10.0.0.1/8,a,,,\n\
               10.1.0.0/16,b,house,,\n\
               ,c,,,\n\
               10.2.0.0/16,d,,x,\n\
               10.3.0.0/16,e,,,\n\
               10.3.0.0/16,e,,,\n\
               10.4.0.0/16,f,,\n\
               10.5.0.0/16,g_h,,,a_b\n";
    let says = "dc.csv has errors. The file was not used.\n  line 2: the cidr has host bits set. Write the first \
                address of the block.\n  line 3: the resource_type is not one of vpc, subnet, eip, public-ipv4-pool, \
                ipv6-pool, eni, anycast-ip-list, other.\n  line 4: the cidr is missing.\n  line 5: the tags are not of \
                the form key=value;key=value.\n  line 7: the cidr of this resource in this account and Region is \
                already on line 6.\n  line 8: it has 4 fields, and the header has 5. Quote a field that has a comma: \
                \"a, b\".\n  line 9: the region contains _, which separates the resource, the block and the Region in \
                the id of the block. Use - instead.";
    assert_eq!(reading(&LARGE, "dc.csv", csv).unwrap_err(), says);
    let many: String = (0..12).map(|_| "10.0.0.1/8\n").collect();
    let words = reading(&LARGE, "dc.csv", format!("cidr\n{many}")).unwrap_err();
    assert!(
        words.contains("\n  line 11: ") && !words.contains("line 12: ") && words.ends_with("\n  and more"),
        "{words}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_reported_with_the_reason() {
    let header = "The first line names the columns, such as cidr,name,account,region.";
    for (name, bytes, says) in [
        ("dc.csv", &b""[..], format!("dc.csv, the header is missing. {header}")),
        (
            "dc.csv",
            b"10.0.0.0/8,a\n",
            "dc.csv, line 1: the header is missing: the name of column 1 is not known: ".to_owned(),
        ),
        (
            "dc.csv",
            b"cidr,naem\n",
            "dc.csv, line 1: the name of column 2 is not known: the columns are cidr, resource_id, ".to_owned(),
        ),
        ("dc.csv", b"cidr,cidr\n", "dc.csv, line 1: the column \"cidr\" appears twice.".to_owned()),
        ("dc.csv", b"name\n", format!("dc.csv, line 1: the column \"cidr\" is missing. {header}")),
        ("dc.csv", b"cidr,name\n10.0.0.0/8,K\xf6ln\n", "dc.csv cannot be read: line 2 is not UTF-8.".to_owned()),
        ("dc.json", b"{\"cidr\": 1}", "dc.json, line 1: it is not a JSON array of objects. ".to_owned()),
        (
            "dc.json",
            b"[\n{\"cidr\": \"10.0.0.0/8\"\n",
            "dc.json, line 3: it is not JSON: it ends too early. ".to_owned(),
        ),
        ("dc.json", b"[\n{\"cidr\": 10}]", "dc.json, line 2: the cidr must be a string.".to_owned()),
        ("dc.json", b"[{},\n{\"cidr\": \"x\"},\n\n3]", "line 4: it is not an object".to_owned()),
        (
            "dc.json",
            b"[{\"cidr\": \"10.0.0.0/8\", \"tags\": {\"a\": 1}}]",
            "line 1: the value of each tag must be a string.".to_owned(),
        ),
    ] {
        let words = reading(&LARGE, name, bytes).unwrap_err();
        assert!(words.contains(&says), "{words}\n{says}");
    }
}

/// Uses a secret as each value and each name, and makes every mistake with it.
#[test]
fn the_content_of_a_refused_file_is_never_quoted() {
    let secret = "s3cret";
    let csv = [
        "s3cret",
        "s3cret=1\0s3cret=2\0",
        "s3cret/1\n10.0.0.0/8",
        "cidr,s3cret\n10.0.0.0/8,x",
        "cidr\ns3cret",
        "cidr\ns3cret/8",
        "cidr\n10.0.0.0/s3cret",
        "cidr,resource_type\n10.0.0.0/8,s3cret",
        "cidr,tags\n10.0.0.0/8,s3cret",
        "cidr,tags\n10.0.0.0/8,s3cret=1;s3cret=2",
        "cidr,region\n10.0.0.0/8,s3cret_1",
        "cidr,name,account,region\n10.0.0.0/8,s3cret,s3cret,s3cret\n10.0.0.0/8,s3cret,s3cret,s3cret",
        "cidr,name\n10.0.0.0/8,s3cret,s3cret",
    ];
    let json = [
        "s3cret",
        "\"s3cret\"",
        "{\"s3cret\": 1}",
        "[\"s3cret\"]",
        "[{\"s3cret\": 1}]",
        "[{\"cidr\": s3cret}]",
        "[{\"cidr\": \"s3cret\"}]",
        "[{\"cidr\": [\"s3cret\"]}]",
        "[{\"name\": {\"s3cret\": \"s3cret\"}}]",
        "[{\"cidr\": \"10.0.0.0/8\", \"tags\": \"s3cret\"}]",
        "[{\"cidr\": \"10.0.0.0/8\", \"tags\": [\"s3cret\"]}]",
        "[{\"cidr\": \"10.0.0.0/8\", \"tags\": {\"s3cret\": [\"s3cret\"]}}]",
    ];
    for (name, texts) in [("dc.csv", &csv[..]), ("dc.json", &json)] {
        for text in texts {
            let words = reading(&LARGE, name, text).expect_err(text);
            assert!(!words.contains(secret), "{text}: {words}");
        }
    }
    for (text, says) in [
        ("10.0.0.0", "the cidr is an address without a netmask length. For a single address, add /32 or /128."),
        ("10.0.0.0/33", "the cidr has no netmask length from 0 to 32 (IPv6: 128) after the slash."),
        ("2001:db8::1/64", "the cidr has host bits set."),
        ("ten", "the cidr is not a CIDR such as 10.0.0.0/16 or 2001:db8::/32, an address with a netmask such as"),
    ] {
        let words = reading(&LARGE, "dc.csv", format!("cidr\n{text}\n")).unwrap_err();
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_with_the_limit() {
    let text = "cidr\n10.0.0.0/32\n10.0.0.1/32\n10.0.0.2/32\n";
    let rows = reading(&Limits { rows: 2, ..LIMITS }, "dc.csv", text).unwrap_err();
    assert!(rows.contains("there are more than 2 resources. Split the file"), "{rows}");
    assert_eq!(shown(&reading(&Limits { rows: 3, ..LIMITS }, "dc.csv", text).unwrap()).len(), 1);
    let fits = text.len() as u64;
    assert!(reading(&Limits { bytes: fits, ..LIMITS }, "dc.csv", text).is_ok());
    let words = reading(&Limits { bytes: fits - 1, ..LIMITS }, "dc.csv", text).unwrap_err();
    assert!(words.starts_with("dc.csv cannot be read: it is larger than "), "{words}");
}

/// A lenient parser accepts each of these files, with rows missing or names that contain half of the file.
#[test]
fn a_file_whose_quotes_are_wrong_is_refused_with_the_line() {
    for (text, says) in [
        ("cidr,name\n10.0.0.0/16,\"hub\n10.1.0.0/16,shop\n", "line 2: a quote is opened and never closed."),
        ("cidr,name\n10.0.0.0/16,a\n10.1.0.0/16,\"b", "line 3: a quote is opened and never closed."),
        ("\"cidr,name\n10.0.0.0/16,a\n", "line 1: a quote is opened and never closed."),
        (
            "cidr,name\n10.0.0.0/16,\"hub\n10.1.0.0/16,\"shop\"\n",
            "line 2: a quote is opened, and closed on line 3 before the end of its field.",
        ),
        ("cidr,name\n10.0.0.0/16,\"hub\"x\n", "line 2: a quote is opened, and closed before the end of its field."),
        ("cidr,name\n10.0.0.0/16, \"a, b\"\n", "line 2: a quote is in a field that does not begin with a quote."),
        ("cidr,name\n10.0.0.0/16,19\" rack\n", "line 2: a quote is in a field that does not begin with a quote."),
        ("cidr,name\n10.0.0.0/16,\"hub\n10.1.0.0/16,shop\"\n", "line 2: the name has a control character"),
    ] {
        let words = reading(&LARGE, "dc.csv", text).unwrap_err();
        assert!(words.contains(says) && words.ends_with("The file was not used."), "{text}: {words}");
    }
    let text = "cidr,name\r\n10.0.0.0/16,\"19\"\" rack\"\r\n10.1.0.0/16,\"\"\r\n";
    let read = shown(&reading(&LARGE, "dc.csv", text).unwrap());
    assert_eq!(read, ["dc none: 19\" rack other 10.0.0.0/16 - Name=19\" rack; 10.1.0.0/16 other 10.1.0.0/16 - "]);
}

#[test]
fn a_file_with_control_characters_or_names_over_the_limit_is_refused_with_the_line() {
    let long = "n".repeat(256);
    for (name, text, says) in [
        ("dc.csv", "cidr,name\n10.0.0.0/8,a\0b\n".to_owned(), "line 2: there is a NUL byte."),
        ("dc.csv", "cidr,name\n10.0.0.0/8,a\n\u{1b}[2J,b\n".to_owned(), "line 3: there is a control character."),
        ("dc.csv", "cidr,name\n10.0.0.0/8,a\tb\n".to_owned(), "line 2: the name has a control character"),
        ("dc.csv", "cidr,tags\n10.0.0.0/8,\"a=b\nc\"\n".to_owned(), "line 2: the tags have a control character"),
        ("dc.csv", format!("cidr,name\n10.0.0.0/8,{long}\n"), "line 2: the name has more than 255 characters."),
        ("dc.csv", format!("cidr,account\n10.0.0.0/8,{long}\n"), "line 2: the account has more than 255 characters."),
        ("dc.csv", format!("cidr,tags\n10.0.0.0/8,{long}=1\n"), "line 2: the tags have an empty key, or a key of"),
        (
            "dc.csv",
            format!("cidr,resource_id\n10.0.0.0/8,{}\n", "n".repeat(401)),
            "line 2: the resource_id, or the name in its place, has more than 400 characters.",
        ),
        (
            "dc.json",
            "[\n{\"cidr\": \"10.0.0.0/8\", \"name\": \"a\\u0000b\"}]".to_owned(),
            "line 2: the name has a control",
        ),
        (
            "dc.json",
            "[\n{\"cidr\": \"10.0.0.0/8\", \"tags\": {\"a\": \"\\u0007\"}}]".to_owned(),
            "line 2: the tags have a",
        ),
        (
            "dc.json",
            "[\n{\"cidr\": \"10.0.0.0/8\", \"tags\": {\"\": \"x\"}}]".to_owned(),
            "line 2: the tags have an empty key",
        ),
    ] {
        let words = reading(&LARGE, name, &text).unwrap_err();
        assert!(words.contains(says) && words.ends_with("The file was not used."), "{text:?}: {words}");
    }
    let text = "cidr,resource_id,name,description\n10.0.0.0/8,a,".to_owned() + &long[..255] + ",\"two\r\n\tlines\"\n";
    assert_eq!(reading(&LARGE, "dc.csv", text).unwrap().len(), 1);
}

/// A map keeps the last of two members with one key: here a block that belongs to another resource.
#[test]
fn json_with_the_same_key_twice_is_refused_with_the_line() {
    for text in [
        "[{\"cidr\": \"10.0.0.0/8\",\n\"cidr\": \"10.1.0.0/16\"}]",
        "[{\"cidr\": \"10.0.0.0/8\",\n\"\\u0063idr\": \"10.1.0.0/16\"}]",
        "[{\"cidr\": \"10.0.0.0/8\", \"tags\": {\"a\": \"1\",\n\"a\": \"2\"}}]",
    ] {
        let words = reading(&LARGE, "dc.json", text).unwrap_err();
        assert_eq!(words, "dc.json, line 2: an object has the same key twice. The file was not used.", "{text}");
    }
}

#[test]
fn the_header_decides_whether_semicolons_or_tabs_separate() {
    let says = ["dc fra: office other 10.8.0.0/16 - Description=a, b; c\td,Name=office,floor=2,site=cgn"];
    for (separator, description) in [(",", "\"a, b; c\td\""), (";", "\"a, b; c\td\""), ("\t", "\"a, b; c\td\"")] {
        let header = ["name", "cidr", "account", "region", "description", "tags"].join(separator);
        let line = ["office", "10.8.0.0/16", "dc", "fra", description, "\"site=cgn;floor=2\""].join(separator);
        let text = format!("{header}\r\n{line}\r\n{}\r\n", separator.repeat(5));
        assert_eq!(shown(&reading(&LARGE, "x.csv", text).unwrap()), says, "{separator:?}");
    }
    let words = reading(&LARGE, "dc.csv", "cidr;tags\n10.0.0.0/8;a=1;b=2\n").unwrap_err();
    assert!(
        words.contains("line 2: it has 3 fields, and the header has 2. Quote a field that has a semicolon: \"a; b\"."),
        "{words}"
    );
    let words = reading(&LARGE, "dc.csv", "cidr\ttags\n10.0.0.0/8\ta\tb\n").unwrap_err();
    assert!(words.contains("line 2: it has 3 fields, and the header has 2. Quote a field that has a tab."), "{words}");
    let words = reading(&LARGE, "dc.csv", "cidr;name\n10.0.0.0/8;\"a\n").unwrap_err();
    assert!(words.contains("line 2: a quote is opened and never closed."), "{words}");
}

#[test]
fn a_range_is_several_blocks_of_one_resource_and_a_netmask_is_read_as_a_length() {
    let csv =
        "cidr,name,resource_type\n10.0.0.10-10.0.0.20,printers,other\n10.1.0.0/255.255.0.0,,\n10.2.0.0-10.2.0.2,,\n";
    let json = r#"[{"cidr": "10.0.0.10-10.0.0.20", "name": "printers"}, {"cidr": "10.1.0.0/255.255.0.0"},
                   {"cidr": "10.2.0.0-10.2.0.2"}]"#;
    for (name, text) in [("dc.csv", csv), ("dc.json", json)] {
        let read = reading(&LARGE, name, text).unwrap();
        let resources = &read[0].outcome.as_ref().unwrap().resources;
        let told: Vec<_> = resources.iter().map(|one| format!("{} {}", one.resource_id, one.cidr.unwrap())).collect();
        assert_eq!(
            told,
            [
                "printers 10.0.0.10/31",
                "printers 10.0.0.12/30",
                "printers 10.0.0.16/30",
                "printers 10.0.0.20/32",
                "10.1.0.0/16 10.1.0.0/16",
                "10.2.0.0-10.2.0.2 10.2.0.0/31",
                "10.2.0.0-10.2.0.2 10.2.0.2/32",
            ],
            "{name}"
        );
    }
    let twice = "cidr,name\n10.0.0.10-10.0.0.20,a\n10.0.0.12/30,a\n";
    let words = reading(&LARGE, "dc.csv", twice).unwrap_err();
    assert!(
        words.contains("line 3: the cidr of this resource in this account and Region is already on line 2."),
        "{words}"
    );
    let many = reading(&Limits { rows: 3, ..LIMITS }, "dc.csv", "cidr\n10.0.0.10-10.0.0.20\n").unwrap_err();
    assert!(many.contains("there are more than 3 resources."), "{many}");
}

#[test]
fn columns_that_are_not_known_are_refused_kept_as_tags_or_ignored_with_a_warning() {
    let csv = "cidr,Owner,name,Floor 2\n10.0.0.0/16,net,office,\n";
    let json = "[{\"cidr\": \"10.0.0.0/16\", \"name\": \"office\", \"Owner\": \"net\", \"Floor 2\": null}]";
    for (name, text) in [("dc.csv", csv), ("dc.json", json)] {
        let told = |unknown| content_by(&LARGE, name, text, unknown);
        let refused = told(UnknownColumns::Refuse).unwrap_err();
        assert!(
            refused.contains("is not known: the columns are cidr, ") && refused.contains("`unknown_columns`"),
            "{refused}"
        );
        let kept = told(UnknownColumns::Tags).unwrap();
        assert_eq!(shown(&kept.samples), ["dc none: office other 10.0.0.0/16 - Name=office,Owner=net"], "{name}");
        assert_eq!(kept.warnings, [""; 0]);
        let ignored = told(UnknownColumns::Ignore).unwrap();
        assert_eq!(shown(&ignored.samples), ["dc none: office other 10.0.0.0/16 - Name=office"], "{name}");
        let [warning] = ignored.warnings.as_slice() else { panic!("{:?}", ignored.warnings) };
        let says = match name {
            "dc.csv" => "dc.csv: The names of columns 2, 4 are not known, and they were ignored.",
            _ => "dc.json: 2 members whose names are not known were ignored.",
        };
        assert!(warning.ends_with(says) && !warning.contains("Owner"), "{warning}");
    }
    for (name, text, says) in [
        ("dc.csv", "cidr,x,x\n10.0.0.0/8,1,2\n", "line 1: column 3 has the same name as another column."),
        ("dc.csv", "cidr,\n10.0.0.0/8,1\n", "the name of column 2 is empty, and cannot be the key of a tag."),
        ("dc.csv", "cidr,tags,x\n10.0.0.0/8,x=1,2\n", "line 2: an unknown column has the same name as a tag"),
        ("dc.csv", "cidr,name,Name\n10.0.0.0/8,a,b\n", "line 2: an unknown column has the same name as a tag"),
        (
            "dc.json",
            "[{\"cidr\": \"10.0.0.0/8\",\n\"x\": [1]}]",
            "line 2: a member that becomes a tag must be a string",
        ),
        ("dc.csv", "name,x\na,b\n", "line 1: the column \"cidr\" is missing."),
    ] {
        let words = content_by(&LARGE, name, text, UnknownColumns::Tags).unwrap_err();
        assert!(words.contains(says), "{text}: {words}");
    }
}
