//! The columns of NetBox's tables, by the name in an export (English), in an import form, and in the API.

/// What a file of NetBox lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Prefixes.
    Prefix,
    /// Aggregates.
    Aggregate,
    /// Ranges of addresses.
    Range,
    /// Addresses of hosts.
    Address,
    /// VRFs.
    Vrf,
}

/// Fields that a reader uses: their name in the API, and their names in tables in lower case.
const FIELDS: [(&str, &[&str]); 15] = [
    ("id", &["id"]),
    ("prefix", &["prefix", "aggregate"]),
    ("start_address", &["start address", "start_address"]),
    ("end_address", &["end address", "end_address"]),
    ("address", &["ip address", "address"]),
    ("name", &["name"]),
    ("rd", &["rd"]),
    ("status", &["status"]),
    ("vrf", &["vrf"]),
    ("scope", &["scope", "scope_name", "scope_id"]),
    ("scope_type", &["scope type", "scope_type"]),
    ("is_pool", &["pool", "is_pool"]),
    ("mark_utilized", &["marked utilized", "mark_utilized"]),
    ("description", &["description"]),
    ("dns_name", &["dns name", "dns_name"]),
];

/// Fields that become tags: the key of the tag, which is the name in the API, and their names in tables in lower case.
const TAGS: [(&str, &[&str]); 23] = [
    ("tenant", &["tenant"]),
    ("tenant_group", &["tenant group", "tenant_group"]),
    ("site", &["site"]),
    ("vlan", &["vlan"]),
    ("vlan_group", &["vlan group", "vlan_group"]),
    ("vlan_site", &["vlan_site"]),
    ("role", &["role"]),
    ("rir", &["rir"]),
    ("date_added", &["added", "date_added"]),
    ("comments", &["comments"]),
    ("tags", &["tags"]),
    ("contacts", &["contacts"]),
    ("owner", &["owner"]),
    ("owner_group", &["owner group", "owner_group"]),
    ("nat_inside", &["nat (inside)", "nat_inside"]),
    ("nat_outside", &["nat (outside)", "nat_outside"]),
    ("interface", &["interface", "assigned_object"]),
    ("device", &["device", "device/vm", "parent"]),
    ("virtual_machine", &["virtual machine", "virtual_machine"]),
    ("import_targets", &["import targets", "import_targets"]),
    ("export_targets", &["export targets", "export_targets"]),
    ("enforce_unique", &["unique", "enforce_unique"]),
    ("mark_populated", &["marked populated", "mark_populated"]),
];

/// Columns and members that say nothing about a block, or that follow from others.
const IGNORED: [&str; 29] = [
    "actions",
    "assigned",
    "assigned_object_id",
    "assigned_object_type",
    "children",
    "created",
    "depth",
    "_depth",
    "display",
    "display_url",
    "family",
    "fhrp_group",
    "ip addresses",
    "ipaddress_count",
    "is_primary",
    "is_oob",
    "last updated",
    "last_updated",
    "pk",
    "prefix (flat)",
    "prefixes",
    "prefix_count",
    "prefix count",
    "size",
    "url",
    "utilization",
    "is primary",
    "notes",
    "custom_fields",
];

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A field of the reader.
    Field(&'static str),
    /// A tag of NetBox itself.
    Tag(&'static str),
    /// A custom field, which becomes a tag with this key.
    Custom(String),
    /// Nothing.
    Ignored,
}

/// What the column with this name means.
pub(super) fn meaning(name: &str) -> Meaning {
    let lower = name.to_lowercase();
    let known = |columns: &[(&'static str, &[&str])]| {
        columns.iter().find(|(_, names)| names.contains(&lower.as_str())).map(|(field, _)| *field)
    };
    if let Some(field) = known(&FIELDS) {
        return Meaning::Field(field);
    }
    if let Some(key) = known(&TAGS) {
        return Meaning::Tag(key);
    }
    if lower.is_empty() || IGNORED.contains(&lower.as_str()) {
        return Meaning::Ignored;
    }
    let key = name.strip_prefix("cf_").unwrap_or(name).to_owned();
    // A custom field with the name of a tag would replace it.
    Meaning::Custom(if TAGS.iter().any(|(tag, _)| *tag == key) { format!("cf_{key}") } else { key })
}

/// What a header lists, or the members of an object; `None` if it is none of what is read.
pub(super) fn kind_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Kind> {
    let (mut fields, mut others) = (Vec::new(), Vec::new());
    for name in names {
        match meaning(name) {
            Meaning::Field(field) => fields.push(field),
            Meaning::Tag(tag) => others.push(tag),
            Meaning::Custom(_) | Meaning::Ignored => {}
        }
    }
    let has = |field: &str| fields.contains(&field);
    if has("prefix") && others.contains(&"rir") {
        Some(Kind::Aggregate)
    } else if has("prefix") {
        Some(Kind::Prefix)
    } else if has("start_address") && has("end_address") {
        Some(Kind::Range)
    } else if has("address") {
        Some(Kind::Address)
    } else if has("name") && has("rd") {
        Some(Kind::Vrf)
    } else {
        None
    }
}

/// Whether only NetBox writes a table with these columns.
pub(super) fn is_of_netbox(names: &[String]) -> bool {
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let has = |names: &[&str]| names.iter().any(|name| lower.iter().any(|column| column == name));
    let Some(kind) = kind_of(lower.iter().map(String::as_str)) else { return false };
    // phpIPAM has sections.
    if has(&["section"]) {
        return false;
    }
    match kind {
        Kind::Aggregate => true,
        Kind::Prefix => {
            has(&["status"])
                && has(&["children", "utilization", "vrf", "tenant", "scope", "scope_type", "pool", "is_pool"])
        }
        Kind::Range => has(&["status"]) && has(&["vrf", "size", "role", "tenant"]),
        Kind::Address => {
            has(&["status"]) && has(&["vrf", "dns name", "dns_name", "nat (inside)", "nat_inside", "assigned"])
        }
        Kind::Vrf => has(&["tenant", "unique", "enforce_unique", "import targets", "import_targets"]),
    }
}
