use super::*;

fn columns(all: &[&str]) -> Columns {
    let mut columns = Columns::default();
    all.iter().for_each(|text| columns.add(text).unwrap());
    columns
}

fn read(text: &str, map: &[&str]) -> Inventory {
    super::read(&SourceFile { name: "x.csv", bytes: text.as_bytes() }, &columns(map))
}

#[test]
fn columns_are_known_by_their_names_or_by_the_map() {
    let text = "Block;VRF;Title;Env;Notes;role\n10.0.0.0/8;;corp;;x;container\n10.1.0.0/16;lab;web;prod;;\n";
    let inventory = read(text, &["cidr=Block", "name=title", "tag.env=Env"]);
    assert_eq!(inventory.mistakes, []);
    assert_eq!(inventory.left_out.len(), 1);
    let corp = Network { name: Some("corp".into()), ..Network::new(2, "10.0.0.0/8".parse().unwrap(), Role::Pool) };
    let web = Network {
        name: Some("web".into()),
        scope: Some("lab".into()),
        tags: [("env".into(), "prod".into())].into(),
        ..Network::new(3, "10.1.0.0/16".parse().unwrap(), Role::Network)
    };
    assert_eq!(inventory.networks, [corp, web]);
}

#[test]
fn blocks_come_in_all_their_forms() {
    let text = "subnet,mask,role\n10.0.0.0,255.255.0.0,\n10.1.0.0,24,\n10.2.0.0/24,,\n10.3.0.10-10.3.0.12,,reserved\n\
                10.2.0.7/24,,address\n2001:db8::7,,address\n";
    let inventory = read(text, &[]);
    assert_eq!(inventory.mistakes, []);
    let told: Vec<String> = inventory.networks.iter().map(|one| format!("{} {}", one.line, one.cidr)).collect();
    assert_eq!(
        told,
        [
            "2 10.0.0.0/16",
            "3 10.1.0.0/24",
            "4 10.2.0.0/24",
            "5 10.3.0.10/31",
            "5 10.3.0.12/32",
            "6 10.2.0.7/32",
            "7 2001:db8::7/128"
        ]
    );
}

#[test]
fn every_mistake_is_told_with_its_line_and_never_quotes_the_file() {
    let text = "cidr,role\n10.0.0.1/8,\n,pool\n10.0.0.0/16,secret\nten,\n10.0.0.0/24,\n10.0.0,address\n";
    let inventory = read(text, &[]);
    let lines: Vec<_> = inventory.mistakes.iter().map(|one| one.line.unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 7]);
    assert!(inventory.mistakes[0].words.contains("host bits"));
    assert!(inventory.mistakes.iter().all(|one| !one.words.contains("secret")));
    assert_eq!(inventory.networks.len(), 1);
}

#[test]
fn a_map_that_does_not_fit_is_refused() {
    let inventory = read("a,b\n1,2\n", &["name=Title", "tag.x=Y"]);
    let words: Vec<_> = inventory.mistakes.iter().map(|one| one.words.as_str()).collect();
    assert_eq!(
        words,
        [
            "the header has no column \"Title\" for name.",
            "the header has no column \"Y\" for tag.x.",
            "the header has no column cidr. Name the column, such as --map cidr=Prefix."
        ]
    );
    for (text, says) in [
        ("cidr", "not a field with a column"),
        ("size=X", "is not a field"),
        ("tag.=X", "not a field"),
        ("cidr=", "no column"),
    ] {
        assert!(Columns::default().add(text).unwrap_err().contains(says), "{text}");
    }
    let mut twice = columns(&["cidr=A"]);
    assert!(twice.add("cidr=B").unwrap_err().contains("two columns"));
}
