//! Calls for ephemeral resources.

use std::time::{Duration, SystemTime};

use tonic::Request;

use super::super::wire;
use super::super::wire::provider_server::Provider as Service;
use super::{Thing, decoded, first, server, thing, type_name};
use crate::tf::{Diagnostic, Diagnostics, EphemeralResource, Open, Private, Renewal, Tf, Value};

/// A thing for the length of a run. Its private data has the number of renewals.
pub(super) struct Loan;

fn soon() -> Option<SystemTime> {
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
}

impl EphemeralResource for Loan {
    type Model = Thing;
    const TYPE: &'static str = "test_thing";

    fn validate(&self, config: &Thing) -> Diagnostics {
        let is_bad = config.name == Tf::Known("bad".to_owned());
        is_bad.then(|| Diagnostic::error("Bad name", "It is.")).into_iter().collect()
    }

    fn open(&self, open: &mut Open<Thing>) -> Result<(), Diagnostics> {
        match open.config.name.get().map(String::as_str) {
            Some("none") => return Err(Diagnostic::error("None left", "At all.").into()),
            Some("later") => open.warnings.push(Diagnostic::warning("Later", "Not now.")),
            _ => open.result.place = Tf::Known("lent".to_owned()),
        }
        // What the user wrote stays.
        open.result.name = Tf::Known("other".to_owned());
        open.private.insert("renewed".to_owned(), 0.into());
        open.renew_at = soon();
        Ok(())
    }

    fn renew(&self, mut private: Private) -> Result<Renewal, Diagnostics> {
        let renewed = private["renewed"].as_u64().unwrap();
        private.insert("renewed".to_owned(), (renewed + 1).into());
        if renewed == 2 {
            return Err(Diagnostic::error("Lost", "It is.").into());
        }
        Ok(Renewal { private, renew_at: soon() })
    }

    fn close(&self, private: &Private) -> Diagnostics {
        let detail = private.get("renewed").map(ToString::to_string).unwrap_or_default();
        Diagnostic::warning("Closed", detail).into()
    }
}

async fn open(name: &str) -> wire::open_ephemeral_resource::Response {
    let (type_name, config) = (type_name(), thing(name, Value::Null));
    let request = wire::open_ephemeral_resource::Request { type_name, config, client_capabilities: None };
    server().open_ephemeral_resource(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_opened_resource_has_the_values_of_the_user_and_its_own() {
    let opened = open("a").await;
    assert_eq!(opened.diagnostics, []);
    assert_eq!(opened.renew_at.unwrap().seconds, 1_800_000_000);
    assert_eq!(opened.private.as_deref(), Some(&br#"{"renewed":0}"#[..]));
    let value = decoded(opened.result);
    assert_eq!((value.entry("name"), value.entry("place")), (&"a".into(), &"lent".into()));
}

#[tokio::test]
async fn a_value_that_is_not_filled_in_stays_unknown() {
    let opened = open("later").await;
    assert_eq!(first(&opened.diagnostics), ("Later", "Not now."));
    assert_eq!(decoded(opened.result).entry("place"), &Value::Unknown);
}

#[tokio::test]
async fn a_resource_that_does_not_open_has_no_result() {
    let opened = open("none").await;
    assert_eq!(first(&opened.diagnostics), ("None left", "At all."));
    assert!(opened.result.is_none() && opened.private.is_none());
}

#[tokio::test]
async fn a_configuration_is_validated_by_the_rules_of_all_blocks() {
    for (config, summary) in [(thing("bad", Value::Null), "Bad name"), (thing("a", "b".into()), "place cannot be set")]
    {
        let request = wire::validate_ephemeral_resource_config::Request { type_name: type_name(), config };
        let answer = server().validate_ephemeral_resource_config(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(first(&answer.diagnostics).0, summary);
    }
}

#[tokio::test]
async fn renewals_pass_their_data_on_until_one_fails() {
    let (server, mut private) = (server(), open("a").await.private);
    for number in 1..=3 {
        let request = wire::renew_ephemeral_resource::Request { type_name: type_name(), private: private.clone() };
        let renewed = server.renew_ephemeral_resource(Request::new(request)).await.unwrap().into_inner();
        if number == 3 {
            assert_eq!(first(&renewed.diagnostics), ("Lost", "It is."));
        } else {
            assert_eq!(renewed.private, Some(format!(r#"{{"renewed":{number}}}"#).into_bytes()));
            assert_eq!(renewed.renew_at.unwrap().seconds, 1_800_000_000);
            private = renewed.private;
        }
    }
}

#[tokio::test]
async fn a_close_gets_the_data_of_the_opening_or_none() {
    for (private, detail) in [(Some(br#"{"renewed":0}"#.to_vec()), "0"), (None, ""), (Some(Vec::new()), "")] {
        let request = wire::close_ephemeral_resource::Request { type_name: type_name(), private };
        let closed = server().close_ephemeral_resource(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(first(&closed.diagnostics), ("Closed", detail));
    }
}

#[tokio::test]
async fn ephemeral_resources_are_in_the_schemas_and_in_the_metadata() {
    let schemas = server().get_provider_schema(Request::new(Default::default())).await.unwrap().into_inner();
    assert!(schemas.ephemeral_resource_schemas.contains_key("test_thing"));
    let metadata = server().get_metadata(Request::new(Default::default())).await.unwrap().into_inner();
    assert_eq!(metadata.ephemeral_resources[0].type_name, "test_thing");
}
