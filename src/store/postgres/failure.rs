//! Classifies the driver's errors. No other module interprets them.

use std::error::Error as _;
use std::io;

use super::settings::Settings;
use super::sqlstate::{self, Class};
use super::tls;
use crate::store::Error;

/// The reason why a step failed.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another transaction was in the way. `waited`: the step has waited for that transaction already.
    Conflict { waited: bool },
    /// The connection is lost, or none can be made now; nothing was committed. Contains the reason.
    Lost(String),
    /// The store was never written.
    Missing,
    /// Another session creates the tables at this moment.
    MadeTwice,
    /// Any other error.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The step that failed: the same refusal of the server needs different advice in different steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    Read,
    Write,
    /// Creating the schema and its tables.
    Create,
}

/// Classifies an error of the driver by what the caller can conclude from it, at any time except during the commit.
pub(super) fn stop(error: &tokio_postgres::Error, step: Step, settings: &Settings) -> Stop {
    let server = settings.describe();
    let Some(reported) = error.as_db_error() else { return undetermined(error, step, settings) };
    let code = reported.code().code();
    let reported = format!("{server}: {} (SQLSTATE {code})", reported.message());
    match sqlstate::class(code) {
        Class::Conflict => Stop::Conflict { waited: false },
        Class::LockTimeout => Stop::Conflict { waited: true },
        Class::Gone => Stop::Lost(reported),
        Class::Missing if step != Step::Create => Stop::Missing,
        Class::MadeTwice if step == Step::Create => Stop::MadeTwice,
        Class::ReadOnly => Stop::Failed(Error::ReadOnly(format!(
            "{reported}. This server or session is read-only: to write, name the primary server, or several hosts with \
             target_session_attrs=read-write"
        ))),
        Class::NoRight => no_right(reported, step, settings),
        Class::Refused => Stop::Failed(Error::Unavailable(format!(
            "{reported}. Check the user and the password (in the URL, PGUSER, PGPASSWORD, or the password file), and the \
             server's pg_hba.conf"
        ))),
        Class::NoDatabase => Stop::Failed(Error::Unavailable(format!(
            "{reported}. Create it (createdb {}), or name another one in the URL or with PGDATABASE",
            settings.database
        ))),
        Class::Foreign => Stop::Failed(Error::Corrupt(format!(
            "the tables in schema {:?} do not belong to this program ({reported}); nothing in them was changed. Choose \
             another schema with ?schema= or {}",
            settings.schema,
            super::parameters::SCHEMA_VARIABLE
        ))),
        Class::NoRoom => {
            Stop::Failed(Error::Unavailable(format!("the server has no disk space or memory left: {reported}")))
        }
        Class::Unknown => Stop::Failed(Error::Uncertain(reported)),
        Class::Missing | Class::MadeTwice | Class::Other => Stop::Failed(Error::Unavailable(reported)),
    }
}

fn no_right(reported: String, step: Step, settings: &Settings) -> Stop {
    let (schema, user) = (super::sql::identifier(&settings.schema), super::sql::identifier(&settings.user));
    Stop::Failed(match step {
        Step::Connect => Error::Unavailable(format!(
            "{reported}. Ask an administrator to run: GRANT CONNECT ON DATABASE {} TO {user}",
            super::sql::identifier(&settings.database)
        )),
        Step::Read => Error::Unavailable(format!(
            "{reported}. Ask the owner to run: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON {schema}.meta, \
             {schema}.entries TO {user}"
        )),
        Step::Write => Error::ReadOnly(format!(
            "{reported}. For a role that writes, ask the owner to run: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT \
             SELECT, UPDATE ON {schema}.meta TO {user}; GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.entries TO \
             {user}"
        )),
        Step::Create => Error::ReadOnly(format!(
            "{reported}. The tables do not exist yet, and this role may not create them: make the first write with a role \
             that owns the schema, or run: CREATE SCHEMA {schema} AUTHORIZATION {user}"
        )),
    })
}

/// Errors that the server did not report.
fn undetermined(error: &tokio_postgres::Error, step: Step, settings: &Settings) -> Stop {
    let server = settings.describe();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let handshake = wrapped.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = handshake.or_else(|| inner.downcast_ref::<rustls::Error>()) {
            return Stop::Failed(Error::Unavailable(format!("{server}: {tls}: {}", tls::advice(tls))));
        }
        cause = inner.source();
    }
    let why = chain(error);
    if step != Step::Connect {
        return Stop::Lost(format!("{server}: {why}"));
    }
    if why.contains("password missing") {
        return Stop::Failed(Error::Unavailable(format!(
            "{server}: the server requires a password, and there is none: set PGPASSWORD, add a line to the password \
             file (~/.pgpass), or put it into the URL"
        )));
    }
    if why.contains("does not support TLS") {
        return Stop::Failed(Error::Unavailable(format!(
            "{server}: the server does not offer TLS, and sslmode requires it: enable TLS on the server (ssl = on), or, \
             if the network is trusted, set sslmode=prefer"
        )));
    }
    if why.contains("authentication") {
        return Stop::Failed(Error::Unavailable(format!("{server}: {why}")));
    }
    Stop::Lost(format!("{server}: {why}"))
}

/// An error and its causes in one line.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

/// Classifies an error that came instead of the answer to `COMMIT`.
pub(super) fn stop_at_commit(error: &tokio_postgres::Error, settings: &Settings) -> Stop {
    match error.as_db_error() {
        Some(reported) if sqlstate::denies_commit(reported.code().code()) => stop(error, Step::Write, settings),
        _ => Stop::Failed(Error::Uncertain(format!("{}: {}", settings.describe(), chain(error)))),
    }
}
