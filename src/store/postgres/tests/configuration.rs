//! Tests of URLs and environment variables.

use std::collections::BTreeMap;

use super::*;
use crate::store::postgres::settings::{Host, Roots, Secret, SslMode, Target};

const PLANTED: &str = "pl4nted";

fn settings(url: &str, environment: &[(&str, &str)]) -> Result<Settings, Error> {
    let environment: BTreeMap<_, _> = environment.iter().copied().collect();
    Settings::new(&StoreUrl::new(url), &|name| environment.get(name).map(|value| (*value).to_owned()))
}

fn refusal(url: &str, environment: &[(&str, &str)]) -> String {
    match settings(url, environment) {
        Err(Error::Url(text)) => text,
        other => panic!("{url}: {other:?}"),
    }
}

fn hosts(url: &str, environment: &[(&str, &str)]) -> Vec<String> {
    settings(url, environment).unwrap().hosts.iter().map(Host::to_string).collect()
}

#[test]
fn a_url_with_all_parts_is_parsed() {
    let found = settings(
        "postgres://me%40home:s%3Acret%2F@db1.example:5433,[2001:db8::1],db3.example:7/ip%61m?sslmode=verify-ca&\
         sslrootcert=/etc/ca.pem&sslcert=/c.pem&sslkey=/k.pem&connect_timeout=7&application_name=plan&\
         options=-c%20geqo%3Doff&target_session_attrs=read-write&schema=net%20plan&passfile=/p",
        &[("PGUSER", "other"), ("PGSSLMODE", "disable"), ("IPAM_POSTGRES_SCHEMA", "other")],
    );
    let found = found.unwrap();
    let names: Vec<String> = found.hosts.iter().map(Host::to_string).collect();
    assert_eq!(names, ["db1.example:5433", "[2001:db8::1]:5432", "db3.example:7"]);
    assert!(found.hosts.iter().all(|host| host.ssl_mode == SslMode::VerifyCa));
    assert_eq!((found.user.as_str(), found.database.as_str(), found.schema.as_str()), ("me@home", "ipam", "net plan"));
    assert_eq!(found.password, Some(Secret("s:cret/".to_owned())));
    assert_eq!(found.roots, Roots::File("/etc/ca.pem".into()));
    assert_eq!(found.connect_timeout, Duration::from_secs(7));
    assert_eq!((found.application_name.as_str(), found.options.as_deref()), ("plan", Some("-c geqo=off")));
    assert_eq!(found.target, Target::ReadWrite);
    assert_eq!(found.passfile.as_deref(), Some("/p".as_ref()));
    assert_eq!(
        found.describe(),
        "PostgreSQL at db1.example:5433, [2001:db8::1]:5432, db3.example:7, database \"ipam\", schema \"net plan\""
    );
}

#[test]
fn parameters_that_the_url_leaves_out_come_from_the_environment() {
    let environment = [
        ("PGHOST", "a.example,b.example"),
        ("PGPORT", "6000,6001"),
        ("PGUSER", "me"),
        ("PGPASSWORD", "secret"),
        ("PGDATABASE", "plan"),
        ("PGSSLMODE", "require"),
        ("PGSSLROOTCERT", "/ca"),
        ("PGSSLCERT", "/cert"),
        ("PGSSLKEY", "/key"),
        ("PGAPPNAME", "app"),
        ("PGOPTIONS", "-c x=y"),
        ("PGCONNECT_TIMEOUT", "3"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGPASSFILE", "/pass"),
        ("IPAM_POSTGRES_SCHEMA", "plan_schema"),
    ];
    let found = settings("postgres://", &environment).unwrap();
    let names: Vec<String> = found.hosts.iter().map(Host::to_string).collect();
    assert_eq!(names, ["a.example:6000", "b.example:6001"]);
    assert_eq!((found.user.as_str(), found.database.as_str(), found.schema.as_str()), ("me", "plan", "plan_schema"));
    assert_eq!(found.password, Some(Secret("secret".to_owned())));
    assert_eq!((found.hosts[0].ssl_mode, found.roots), (SslMode::Require, Roots::File("/ca".into())));
    assert_eq!((found.certificate, found.key), (Some("/cert".into()), Some("/key".into())));
    assert_eq!((found.application_name.as_str(), found.options.as_deref()), ("app", Some("-c x=y")));
    assert_eq!((found.connect_timeout, found.target), (Duration::from_secs(3), Target::Standby));
    assert_eq!(found.passfile, Some("/pass".into()));
}

#[test]
fn defaults_apply_when_nothing_is_configured() {
    let found = settings("postgresql://db.example", &[("USER", "me"), ("HOME", "/nowhere")]).unwrap();
    assert_eq!((found.user.as_str(), found.database.as_str(), found.schema.as_str()), ("me", "me", "ipam"));
    assert_eq!(found.connect_timeout, Duration::from_secs(5));
    assert_eq!((found.roots, found.target), (Roots::Default, Target::Any));
    assert_eq!(found.passfile, Some("/nowhere/.pgpass".into()));
    assert_eq!(found.application_name, "terraform-provider-ipam");
}

#[test]
fn only_connections_to_this_machine_work_without_verification_by_default() {
    for (url, mode) in [
        ("postgres://me@db.example/x", SslMode::VerifyFull),
        ("postgres://me@10.1.2.3/x", SslMode::VerifyFull),
        ("postgres://me@localhost/x", SslMode::Prefer),
        ("postgres://me@127.0.0.9/x", SslMode::Prefer),
        ("postgres://me@[::1]/x", SslMode::Prefer),
        ("postgres://me@%2Frun%2Fpostgresql/x", SslMode::Prefer),
        ("postgres://me@/x?host=/run/postgresql", SslMode::Prefer),
        // The name means this machine, but the address does not.
        ("postgres://me@localhost/x?hostaddr=10.1.2.3", SslMode::VerifyFull),
        ("postgres://me@db.example/x?hostaddr=127.0.0.1", SslMode::Prefer),
        ("postgres://me@localhost/x?sslmode=require", SslMode::Require),
        ("postgres://me@localhost/x?sslrootcert=system", SslMode::VerifyFull),
        ("postgres://me@db.example/x?sslmode=disable", SslMode::Disable),
    ] {
        assert_eq!(settings(url, &[]).unwrap().hosts[0].ssl_mode, mode, "{url}");
    }
}

#[test]
fn hosts_ports_and_addresses_go_together() {
    assert_eq!(hosts("postgres://me@a,b/x", &[("PGPORT", "7")]), ["a:7", "b:7"]);
    assert_eq!(hosts("postgres://me@a,b:8/x", &[("PGPORT", "7")]), ["a:5432", "b:8"]);
    assert_eq!(hosts("postgres://me@a/x?host=c&port=9", &[]), ["c:9"]);
    assert_eq!(hosts("postgres://me@/x?hostaddr=10.0.0.1,10.0.0.2", &[]), ["10.0.0.1:5432", "10.0.0.2:5432"]);
    let found = settings("postgres://me@a,b/x?hostaddr=10.0.0.1,", &[]).unwrap().hosts;
    assert_eq!((found[0].address, found[1].address), ("10.0.0.1".parse().ok(), None));
    for (url, words) in [
        ("postgres://me@a,b/x?hostaddr=10.0.0.1", "as many PostgreSQL hosts"),
        ("postgres://me@a,b,c/x?port=1,2", "one PostgreSQL port, or one for each host"),
        ("postgres://me@a:0/x", "number from 1 to 65535"),
        ("postgres://me@a:123456/x", "number from 1 to 65535"),
        ("postgres://me@a/x?hostaddr=db.example", "must be an IP address"),
    ] {
        assert!(refusal(url, &[]).contains(words), "{}", refusal(url, &[]));
    }
}

#[test]
fn unknown_or_wrong_parameters_are_refused_and_never_quoted() {
    for (url, words) in [
        ("postgres:me:pl4nted@db/x", "must look like this"),
        ("postgres://me:pl4nted@db/x?sslmod=pl4nted", "has a parameter that is not known. The parameters are: host, "),
        ("postgres://me:pl4nted@db/x?sslpassword=pl4nted", "has a parameter that is not known"),
        ("postgres://me@db/x?pl4nted=1", "has a parameter that is not known"),
        ("postgres://me:pl4nted@db/x?sslmode=pl4nted", "sslmode of the PostgreSQL store URL must be disable, allow"),
        ("postgres://me@db/x?connect_timeout=pl4nted", "whole number of seconds"),
        ("postgres://me@db/x?target_session_attrs=pl4nted", "must be any, read-write"),
        ("postgres://me@db/x?schema=pg_pl4nted", "must be the name of a schema"),
        ("postgres://me@db/x?sslmode=require&sslrootcert=system", "must be verify-full"),
        ("postgres://me@db/x?pl4nted", "parameter without a value"),
        ("postgres://me:%zzpl4nted@db/x", "% in its password"),
        ("postgres://me:%00pl4nted@db/x", "% in its password"),
        ("postgres://me:pl4nted%ff@db/x", "not UTF-8"),
        ("postgres://me@[::1/x", "brackets"),
        // A character is not encoded, so that the password is in another part of the URL.
        ("postgres://me:a/pl4nted@db/x", "write @ as %40"),
        ("postgres://me:5/pl4nted@db/x", "write @ as %40"),
        ("postgres://me:5?pl4nted@db/x", "write @ as %40"),
        ("postgres://me:5?a=b&pl4nted@db/x", "write @ as %40"),
        ("postgres://me:pl4nted/x", "number from 1 to 65535"),
    ] {
        let text = refusal(url, &[("PGUSER", "me")]);
        assert!(text.contains(words), "{url}: {text}");
        assert!(!text.contains(PLANTED), "{url}: {text}");
    }
    let text = refusal("postgres://me@db", &[("PGSSLMODE", PLANTED)]);
    assert!(text.starts_with("The environment variable PGSSLMODE must be") && !text.contains(PLANTED), "{text}");
    assert!(refusal("postgres://db/x", &[]).contains("names no user"));
}

#[test]
fn no_text_form_of_a_store_shows_the_password() {
    let url = StoreUrl::new("postgres://me:pl4nted@db.example/x?application_name=y");
    let store = Postgres::new(&url, &|_| None).unwrap();
    let shown = format!("{url} {url:?} {} {:?}", store.describe(), store.common.settings);
    assert!(!shown.contains(PLANTED), "{shown}");
    assert!(shown.contains("password: Some(***)"), "{shown}");
}
