//! Tests of what can happen only to a server on the other side of a network.

mod configuration;
mod cost;
mod explained;
mod faults;
mod processes;
mod refusals;
mod schema;
mod secure;
mod views;

use std::sync::Arc;

use super::*;
use crate::store::suite::{PATIENT, suite};

fn server() -> &'static test_servers::Postgres {
    test_servers::Postgres::shared()
}

/// The store in a database, as the superuser.
fn store_in(database: &str) -> Postgres {
    store_at(&server().url(database))
}

/// The store at a URL, without the environment variables of this machine.
fn store_at(url: &str) -> Postgres {
    with_patience(url, PATIENT)
}

/// [`store_at`] with another patience.
fn with_patience(url: &str, patience: Duration) -> Postgres {
    Postgres::with(Settings::new(&StoreUrl::new(url), &|_| None).unwrap(), patience)
}

/// `url` with another user.
fn url_of(url: &str, user: &str, password: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    format!("postgres://{user}:{password}@{place}")
}

/// A new role with a unique name, and the URL of a database for it.
fn new_role(database: &str, kind: &str) -> (String, String) {
    let role = format!("{kind}_{database}");
    server().admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'role-secret'"));
    let url = url_of(&server().url(database), &role, "role-secret");
    (role, url)
}

fn write_one(store: &dyn Store) -> Result<(), Error> {
    store.write(&mut |tx| tx.put("a", b"1".to_vec()).map(|()| true))
}

fn read_one(store: &dyn Store) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    store.read(&mut |snapshot| snapshot.get("a").map(|value| found = value)).map(|()| found)
}

suite!({
    let database = server().create_database();
    move || Arc::new(store_in(&database)) as Arc<dyn Store>
});
