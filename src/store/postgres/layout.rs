//! The schema, its tables and its views: the first write creates them, and later writes bring them up to date.

use super::failure::{Step, Stop};
use super::parameters::SCHEMA_VARIABLE;
use super::session::{Layout, Session};
use super::sql;
use crate::store::Error;

/// The layouts in their order, from 1. Each migration creates its layout from the one before it, inside a transaction.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_entries.sql")];
/// The views are created again whenever this number is larger than the one in meta. They are not part of the layout: an
/// older program works with newer views, and a role that may not create views can still write.
pub(super) const VIEWS: u64 = 1;
const VIEWS_SQL: &str = include_str!("views.sql");

/// The layout that this program writes.
pub(super) fn newest() -> u64 {
    MIGRATIONS.len() as u64
}

/// Refuses a layout of a newer program.
pub(super) fn check(found: Layout) -> Result<(), Stop> {
    if found.layout > newest() {
        return Err(Stop::Failed(Error::Newer { found: found.layout, known: newest() }));
    }
    Ok(())
}

/// Creates the schema and its tables in a transaction of its own.
///
/// When several sessions do this at once, the catalog lets one of them create the table meta. The others wait for it
/// there, fail, and find the tables when they look again.
pub(super) fn create(session: &mut Session) -> Result<(), Stop> {
    let schema = session.common().settings.schema.clone();
    session.batch("BEGIN", Step::Create)?;
    let outcome = create_within(session, &schema);
    match outcome {
        Ok(()) => session.batch("COMMIT", Step::Create),
        Err(stop) => {
            session.batch("ROLLBACK", Step::Create)?;
            Err(stop)
        }
    }
    .map_err(|stop| match stop {
        // Another session was first: look again.
        Stop::MadeTwice => Stop::Conflict { waited: false },
        stop => stop,
    })
}

fn create_within(session: &mut Session, schema: &str) -> Result<(), Stop> {
    let encoding = session.column("SHOW server_encoding", Step::Create)?;
    if let Some(encoding) = encoding.first().filter(|encoding| !["UTF8", "UTF-8"].contains(&encoding.as_str())) {
        return Err(Stop::Failed(Error::Unavailable(format!(
            "database {:?} has the encoding {encoding}, and the store needs UTF8 for names in any language: create a \
             database with ENCODING 'UTF8'",
            session.common().settings.database
        ))));
    }
    let literal = schema.replace('\'', "''");
    let present = session
        .column(&format!("SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = '{literal}'"), Step::Create)?;
    if present.is_empty() {
        // Not IF NOT EXISTS, which requires the right to create schemas even when this one exists.
        session.batch(&format!("CREATE SCHEMA {}", sql::identifier(schema)), Step::Create)?;
    }
    let tables = session.column(
        &format!(
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = '{literal}' AND c.relname IN ('meta', 'entries')"
        ),
        Step::Create,
    )?;
    if tables.iter().any(|name| name == "meta") {
        return Err(Stop::MadeTwice);
    }
    if tables.iter().any(|name| name == "entries") {
        return Err(Stop::Failed(Error::Corrupt(format!(
            "schema {schema:?} has a table entries of another program; nothing in it was changed. Choose another schema \
             with ?schema= or {SCHEMA_VARIABLE}"
        ))));
    }
    upgrade(session, 0, MIGRATIONS)
}

/// Runs the migrations after `found`, inside the transaction that is open. From layout 1 on the row of meta is locked.
pub(super) fn upgrade(session: &mut Session, found: u64, migrations: &[&str]) -> Result<(), Stop> {
    let schema = session.common().settings.schema.clone();
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for (number, migration) in migrations.iter().enumerate().skip(done) {
        session.batch(&sql::in_schema(migration, &schema), Step::Create)?;
        let set = format!("UPDATE {}.meta SET layout = {} WHERE id = 1", sql::identifier(&schema), number + 1);
        session.batch(&set, Step::Create)?;
    }
    Ok(())
}

/// Creates the views again, in a transaction of its own. The store works without them, so failures other than a lost
/// connection are only logged.
pub(super) fn make_views(session: &mut Session) -> Result<(), Stop> {
    match try_views(session) {
        Ok(()) => Ok(()),
        Err(Stop::Lost(why)) => Err(Stop::Lost(why)),
        Err(stop) => {
            tracing::info!(?stop, "the views for people are not made");
            session.batch("ROLLBACK", Step::Create)
        }
    }
}

fn try_views(session: &mut Session) -> Result<(), Stop> {
    let schema = session.common().settings.schema.clone();
    let name = sql::identifier(&schema);
    // Update the row first: it is the lock under which views are created.
    let lock = format!("BEGIN; UPDATE {name}.meta SET views = {VIEWS} WHERE id = 1 AND views < {VIEWS}");
    session.batch(&lock, Step::Create)?;
    let sql = format!("{}; COMMIT", sql::in_schema(VIEWS_SQL, &schema).trim_end().trim_end_matches(';'));
    session.batch(&sql, Step::Create)
}
