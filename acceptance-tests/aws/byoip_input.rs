//! Mistakes that a user can make in pools with options that only AWS has, in BYOIP ranges and in AS numbers: a table
//! from a configuration to the message and its attribute, through real `terraform plan`. No mistake may send a request
//! to AWS.

use serde_json::json;

use super::endpoint::Kind;
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, Scene, text};
use crate::harness::Workspace;
use crate::harness::each::each;

/// One mistake.
struct Row {
    /// `<public>`, `<private>` and `<pool>` stand for ids.
    config: &'static str,
    /// The attribute that Terraform points to; empty for the whole block, to which messages about secret attributes
    /// point.
    attribute: &'static str,
    /// Parts of the summary and the detail.
    words: &'static [&'static str],
}

const fn row(config: &'static str, attribute: &'static str, words: &'static [&'static str]) -> Row {
    Row { config, attribute, words }
}

macro_rules! pool {
    ($($body:tt)+) => {
        concat!("resource \"ipam_pool\" \"a\" {\n  name = \"a\"\n", $($body)+, "\n}\n")
    };
}

macro_rules! planning {
    ($id:literal, $owner:literal, $kind:literal) => {
        pool!(concat!(
            "address_family = \"ipv4\"\nsource_resource = {\nresource_id = \"",
            $id,
            "\"\nresource_owner = \"",
            $owner,
            "\"\nresource_region = \"us-east-1\"\nresource_type = \"",
            $kind,
            "\"\n}"
        ))
    };
}

macro_rules! pool_cidr {
    ($body:literal) => {
        concat!("resource \"ipam_pool_cidr\" \"a\" {\n  ipam_pool_id = \"<pool>\"\n", $body, "\n}\n")
    };
}

macro_rules! range {
    ($body:literal) => {
        concat!("resource \"ipam_byoip_cidr\" \"a\" {\n", $body, "\n}\n")
    };
}

macro_rules! asn {
    ($asn:literal, $message:literal, $signature:literal) => {
        concat!(
            "resource \"ipam_byoasn\" \"a\" {\n  ipam_id = \"ipam-1\"\n  asn = \"",
            $asn,
            "\"\n  asn_authorization_context = {\n    message = \"",
            $message,
            "\"\n    signature = \"",
            $signature,
            "\"\n  }\n}\n"
        )
    };
}

const POOLS: &[Row] = &[
    row(
        pool!(
            "ipam_scope_id = \"<public>\"\naddress_family = \"ipv4\"\npublic_ip_source = \"byoip\"\npublicly_advertisable = true"
        ),
        "publicly_advertisable",
        &["IPv4 space of your own is always advertisable"],
    ),
    row(
        pool!(
            "ipam_scope_id = \"<public>\"\naddress_family = \"ipv4\"\npublic_ip_source = \"byoip\"\npublicly_advertisable = false"
        ),
        "publicly_advertisable",
        &["address_family = \"ipv6\"", "public_ip_source = \"byoip\""],
    ),
    row(
        pool!(
            "ipam_scope_id = \"<public>\"\naddress_family = \"ipv6\"\npublic_ip_source = \"amazon\"\nlocale = \"us-east-1\"\npublicly_advertisable = true"
        ),
        "publicly_advertisable",
        &["Amazon itself advertises"],
    ),
    row(
        pool!("ipam_scope_id = \"<public>\"\naddress_family = \"ipv6\"\npublicly_advertisable = true"),
        "publicly_advertisable",
        &["`public_ip_source` is not set"],
    ),
    row(
        pool!("ipam_scope_id = \"<public>\"\npublic_ip_source = \"byoip\"\npublicly_advertisable = true"),
        "publicly_advertisable",
        &["`address_family` is not set"],
    ),
    row(
        pool!("address_family = \"ipv6\"\npublic_ip_source = \"byoip\"\npublicly_advertisable = true"),
        "publicly_advertisable",
        &["default private scope"],
    ),
    row(
        pool!(
            "ipam_scope_id = \"<private>\"\naddress_family = \"ipv6\"\npublic_ip_source = \"byoip\"\npublicly_advertisable = true"
        ),
        "public_ip_source",
        &["For public space only", "public_default_scope_id"],
    ),
    row(pool!("address_family = \"ipv4\"\naws_service = \"ec2\""), "aws_service", &["For public space only"]),
    row(pool!("address_family = \"ipv4\"\naws_service = \"S3\""), "aws_service", &["such as ec2, global-services"]),
    row(
        pool!("ipam_scope_id = \"<public>\"\naddress_family = \"ipv4\"\ncascade = true"),
        "cascade",
        &["No cascade in the public scope"],
    ),
    row(pool!("address_family = \"ipv4\"\nauto_import = true"), "auto_import", &["set `locale`"]),
    row(
        pool!("ipam_scope_id = \"<public>\"\npublic_ip_source = \"byoip\"\ncidrs = [\"203.0.113.0/24\"]"),
        "cidrs",
        &["without proof", "ipam_pool_cidr"],
    ),
    row(
        pool!("ipam_scope_id = \"<public>\"\npublic_ip_source = \"amazon\"\ncidrs = [\"203.0.113.0/29\"]"),
        "cidrs",
        &["Amazon chooses", "netmask_length"],
    ),
    row(planning!("subnet-1", "111122223333", "vpc"), "source_resource", &["not the id of a VPC"]),
    row(planning!("vpc-1", "1111", "vpc"), "source_resource", &["12 digits"]),
    row(planning!("vpc-1", "111122223333", "Subnet"), "source_resource", &["such as vpc."]),
];

const RANGES: &[Row] = &[
    row(
        pool_cidr!("cidr = \"203.0.113.0/24\"\nverification_method = \"dns-token\""),
        "verification_method",
        &["Missing proof", "ipam_external_resource_verification_token_id"],
    ),
    row(
        pool_cidr!(
            "cidr = \"203.0.113.0/24\"\nverification_method = \"remarks-x509\"\nipam_external_resource_verification_token_id = \"t\""
        ),
        "verification_method",
        &["Missing proof", "cidr_authorization_context"],
    ),
    row(
        pool_cidr!("cidr = \"203.0.113.0/24\"\nverification_method = \"letter\""),
        "verification_method",
        &["\"remarks-x509\" or \"dns-token\""],
    ),
    row(
        pool_cidr!(
            "cidr = \"203.0.113.0/24\"\nipam_external_resource_verification_token_id = \"t\"\ncidr_authorization_context = { message = \"1|aws|111122223333|203.0.113.0/24|20271231|SHA256|RSAPSS\", signature = \"c2ln\" }"
        ),
        "ipam_external_resource_verification_token_id",
        &["Two proofs"],
    ),
    row(
        pool_cidr!("netmask_length = 24\nname = \"n\"\nipam_external_resource_verification_token_id = \"t\""),
        "ipam_external_resource_verification_token_id",
        &["Proof without a block"],
    ),
    row(
        range!(
            "cidr = \"203.0.113.0/24\"\ncidr_authorization_context = {\nmessage = \"1|aws|111122223333|198.51.100.0/24|20271231|SHA256|RSAPSS\"\nsignature = \"c2ln\"\n}"
        ),
        "",
        &[
            "argument `cidr_authorization_context`",
            "Malformed message",
            "It is signed for 198.51.100.0/24, and the block here is 203.0.113.0/24",
        ],
    ),
    row(
        range!(
            "cidr = \"203.0.113.0/24\"\ncidr_authorization_context = {\nmessage = \"please\"\nsignature = \"c2ln\"\n}"
        ),
        "",
        &["argument `cidr_authorization_context`", "1 parts separated by |"],
    ),
    row(
        range!(
            "cidr = \"203.0.113.0/24\"\ncidr_authorization_context = {\nmessage = \"1|aws|111122223333|203.0.113.0/24|20271331|SHA256|RSAPSS\"\nsignature = \"c2ln\"\n}"
        ),
        "",
        &["argument `cidr_authorization_context`", "not a date"],
    ),
    row(
        range!(
            "cidr = \"203.0.113.0/24\"\ncidr_authorization_context = {\nmessage = \"1|aws|111122223333|203.0.113.0/24|20271231|SHA256|RSAPSS\"\nsignature = \"a+b/=\"\n}"
        ),
        "",
        &["argument `cidr_authorization_context`", "Malformed signature", "tr -- '+=/' '-_~'"],
    ),
    row(
        range!("cidr = \"203.0.113.0/24\"\nipam_external_resource_verification_token_id = \"t\""),
        "ipam_external_resource_verification_token_id",
        &["A token is for IPAM pools"],
    ),
    row(
        range!("cidr = \"203.0.113.0/24\"\nipam_pool_owner = \"111122223333\""),
        "ipam_pool_owner",
        &["An owner without a pool"],
    ),
    row(
        range!("cidr = \"203.0.113.0/24\"\nipam_pool_id = \"<pool>\"\ndescription = \"ours\""),
        "description",
        &["Not for a range in a pool"],
    ),
    row(range!("cidr = \"203.0.113.0/25\"\nadvertise = true"), "cidr", &["smaller than /24"]),
    row(range!("cidr = \"2001:db8::/52\"\nadvertise = true"), "cidr", &["smaller than /48"]),
    row(range!("cidr = \"2001:db8::/61\""), "cidr", &["smaller than /60"]),
    row(
        range!("cidr = \"2001:db8::/48\"\nadvertise = true\npublicly_advertisable = false"),
        "advertise",
        &["Contradicting arguments"],
    ),
    row(range!("cidr = \"203.0.113.0/24\"\npublicly_advertisable = true"), "publicly_advertisable", &["For IPv6 only"]),
    row(range!("cidr = \"203.0.113.0/24\"\nasn = \"23456\""), "asn", &["reserved"]),
    row(
        "resource \"ipam_external_resource_verification_token\" \"a\" {\n  ipam_id = \"ipam-1\"\n  cidrs = [\"203.0.113.0/25\"]\n}\n",
        "cidrs",
        &["Range too small", "/24"],
    ),
];

const NUMBERS: &[Row] = &[
    row(asn!("0", "x", "c2ln"), "asn", &["reserved"]),
    row(asn!("65535", "x", "c2ln"), "asn", &["reserved"]),
    row(asn!("4294967296", "x", "c2ln"), "asn", &["1 to 4294967294"]),
    row(asn!("-1", "x", "c2ln"), "asn", &["not an AS number"]),
    row(asn!("1.10", "x", "c2ln"), "asn", &["not an AS number"]),
    row(
        asn!("64496", "1|aws|111122223333|64497|20271231|SHA256|RSAPSS", "c2ln"),
        "",
        &["argument `asn_authorization_context`", "signed for AS 64497, and the number here is 64496"],
    ),
    row(
        asn!("64496", "1|aws|1111|64496|20271231|SHA256|RSAPSS", "c2ln"),
        "",
        &["argument `asn_authorization_context`", "12 digits"],
    ),
    row(
        asn!("64496", "1|aws|111122223333|64496|20271231|SHA1|RSA", "c2ln"),
        "",
        &["argument `asn_authorization_context`", "SHA256|RSAPSS"],
    ),
    row(
        asn!("64496", "1|aws|111122223333|64496|20271231|SHA256|RSAPSS", ""),
        "",
        &["argument `asn_authorization_context`", "Malformed signature"],
    ),
];

#[track_caller]
fn check(row: &Row, workspace: &Workspace) {
    let run = workspace.plan_messages(&[]);
    assert!(!run.is_success(), "the plan succeeded:\n{}\n{}", row.config, run.text());
    let errors: Vec<_> = run.diagnostics().into_iter().filter(|diagnostic| diagnostic.is_error()).collect();
    assert!(errors.len() == 1, "{}\none mistake, one error: {errors:#?}", row.config);
    let error = &errors[0];
    for words in row.words {
        let is_said = error.summary.contains(words) || error.detail.contains(words);
        assert!(is_said, "{words:?} is not in {error:#?}\n{}", row.config);
    }
    assert_eq!(error.attribute.as_deref().unwrap_or_default(), row.attribute, "{error:#?}\n{}", row.config);
}

#[test]
fn contradictions_are_reported_at_plan_on_the_attribute() {
    let scene = Scene::new();
    let public = text(&scene.ipam["PublicDefaultScopeId"]);
    let pool = scene.pool(json!({"IpamScopeId": public, "PublicIpSource": "byoip", "Locale": HOME}));
    let rows: Vec<&Row> = POOLS.iter().chain(RANGES).chain(NUMBERS).collect();
    each(
        &rows,
        |row| row.config.to_owned(),
        |row| {
            let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
            let ids = [("<public>", &public), ("<private>", &scene.scope), ("<pool>", &pool)];
            workspace.configure(&ids.iter().fold(row.config.to_owned(), |text, (name, id)| text.replace(name, id)));
            check(row, &workspace);
        },
    );
    assert_eq!(scene.endpoint.things(Kind::Pool).len(), 1);
    scene.is_sound();
}

const ELSEWHERE: &[Row] = &[
    row(planning!("vpc-1", "111122223333", "vpc"), "source_resource", &["This store has no VPCs", "`cidrs`"]),
    row(pool!("address_family = \"ipv4\"\npublic_ip_source = \"byoip\""), "public_ip_source", &["public scope"]),
    row(pool!("address_family = \"ipv4\"\naws_service = \"ec2\""), "aws_service", &["allocation_resource_tags"]),
    row(
        pool!("ipam_scope_id = \"ipam-scope-1\"\naddress_family = \"ipv6\"\npublic_ip_source = \"byoip\""),
        "public_ip_source",
        &["public scope"],
    ),
    row(pool!("address_family = \"ipv4\"\nauto_import = true"), "auto_import", &["set `locale`"]),
    row(
        "resource \"ipam_scope\" \"a\" {\n  name = \"a\"\n  ipam_id = \"ipam-1\"\n}\n",
        "ipam_id",
        &["another `store`"],
    ),
    row(
        "resource \"ipam_pool_cidr\" \"a\" {\n  ipam_pool_id = \"ipam-pool-1\"\n  cidr = \"203.0.113.0/24\"\n  \
         ipam_external_resource_verification_token_id = \"t\"\n}\n",
        "ipam_external_resource_verification_token_id",
        &["does not verify public blocks"],
    ),
];

#[test]
fn another_store_refuses_what_only_aws_has_at_plan_on_the_attribute_with_an_alternative() {
    each(
        ELSEWHERE,
        |row| row.config.to_owned(),
        |row| {
            let workspace = Workspace::new();
            workspace.configure(row.config);
            check(row, &workspace);
        },
    );
    for (config, words) in [
        (range!("cidr = \"203.0.113.0/24\""), "Use `ipam_pool_cidr`"),
        (asn!("64496", "1|aws|111122223333|64496|20271231|SHA256|RSAPSS", "c2ln"), "keep the number in `tags`"),
        (
            "resource \"ipam_byoasn_association\" \"a\" {\n  asn = 64496\n  cidr = \"203.0.113.0/24\"\n}\n",
            "does not advertise addresses",
        ),
        (
            "resource \"ipam_external_resource_verification_token\" \"a\" {\n  ipam_id = \"ipam-1\"\n}\n",
            "without a proof",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.configure(config);
        workspace.try_plan(&[]).fails().says(&["in this store", words]);
    }
}
