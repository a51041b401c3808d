//! The SQLSTATEs that this store knows by name. All others count as failures without a special meaning.

/// The way to handle an error that the server reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Another transaction was in the way and won: run again.
    Conflict,
    /// Another session held the lock for longer than this store waits: run again while the patience lasts.
    LockTimeout,
    /// The server ended the connection, or accepts none now: connect again.
    Gone,
    /// The store was never written: a table or its schema is missing.
    Missing,
    /// Two sessions created the same object at the same moment.
    MadeTwice,
    /// The role does not have the right to do it.
    NoRight,
    /// The server, or the session, is read-only.
    ReadOnly,
    /// Wrong password, unknown role, no line in `pg_hba.conf`.
    Refused,
    /// There is no such database.
    NoDatabase,
    /// A table of that name belongs to another program.
    Foreign,
    /// The disk is full, memory is used up.
    NoRoom,
    /// Whether the statement had its effect is unknown.
    Unknown,
    Other,
}

/// The class of a SQLSTATE.
pub(super) fn class(code: &str) -> Class {
    match code {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Class::Conflict,
        // lock_not_available, query_canceled (by statement_timeout: nothing else cancels statements)
        "55P03" | "57014" => Class::LockTimeout,
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
        // idle_in_transaction_session_timeout, transaction_timeout
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" => Class::Gone,
        // too_many_connections
        "53300" => Class::Gone,
        // connection_exception, connection_does_not_exist, connection_failure, sqlclient_unable_to_establish
        "08000" | "08003" | "08006" | "08001" => Class::Gone,
        // undefined_table, invalid_schema_name
        "42P01" | "3F000" => Class::Missing,
        // unique_violation (in the catalog), duplicate_schema, duplicate_table, duplicate_object, internal_error
        // ("tuple concurrently updated")
        "23505" | "42P06" | "42P07" | "42710" | "XX000" => Class::MadeTwice,
        // insufficient_privilege
        "42501" => Class::NoRight,
        // read_only_sql_transaction
        "25006" => Class::ReadOnly,
        // invalid_authorization_specification, invalid_password
        "28000" | "28P01" => Class::Refused,
        // invalid_catalog_name
        "3D000" => Class::NoDatabase,
        // undefined_column, wrong_object_type, datatype_mismatch, undefined_function (an operator of other types)
        "42703" | "42809" | "42804" | "42883" => Class::Foreign,
        // disk_full, out_of_memory
        "53100" | "53200" => Class::NoRoom,
        // statement_completion_unknown, transaction_resolution_unknown
        "40003" | "08007" => Class::Unknown,
        _ => Class::Other,
    }
}

/// Whether an error in answer to `COMMIT` means that nothing was committed. Each code was checked by itself: a server
/// that is shut down while it waits for a standby reports an error after the commit.
pub(super) fn denies_commit(code: &str) -> bool {
    match code {
        // serialization_failure, deadlock_detected, transaction_integrity_constraint_violation
        "40001" | "40P01" | "40002" => true,
        // in_failed_sql_transaction, idle_in_transaction_session_timeout, read_only_sql_transaction
        "25P02" | "25P03" | "25006" => true,
        // Integrity constraints, checked before the commit.
        code => code.starts_with("23"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_failures_deny_a_commit() {
        for code in ["40001", "40P01", "25P03", "23505"] {
            assert!(denies_commit(code), "{code}");
        }
        for code in ["40003", "08007", "57P01", "57P02", "57014", "08006", "53100", "XX000", ""] {
            assert!(!denies_commit(code), "{code}");
        }
    }
}
