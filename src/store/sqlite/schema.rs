//! The content of the file: one table, views over it for people, and two numbers in the header.

use rusqlite::Connection;

use crate::store::Error;

/// `application_id` in the file header: "IPAM" in ASCII. `file` and this program recognize the file by it.
pub(super) const APPLICATION_ID: i64 = 0x4950_414d;

/// The newest `user_version` that this program reads, and the one that it writes.
pub(super) const VERSION: i64 = 1;

/// Values are JSON, stored as text so that `sqlite3 ipam.db "select * from entries"` is readable.
///
/// The views are for people and dashboards; this program does not read them. `0` is the character after `/`.
const SCHEMA: &str = "
CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE VIEW ipam_scopes AS
SELECT value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'scope_type' AS scope_type,
       value ->> 'is_default' AS is_default, value ->> 'description' AS description, value -> 'tags' AS tags,
       value ->> 'owner' AS owner, value ->> 'state' AS state, value ->> 'hold_expires_at' AS hold_expires_at,
       value ->> 'created_at' AS created_at, value ->> 'updated_at' AS updated_at
FROM entries WHERE key >= 'scope/' AND key < 'scope0';

CREATE VIEW ipam_pools AS
SELECT value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'scope_id' AS scope_id,
       value ->> 'source_pool_id' AS source_pool_id, value ->> 'depth' AS depth,
       value ->> 'address_family' AS address_family, value ->> 'locale' AS locale,
       value ->> 'description' AS description, value -> 'cidrs' AS cidrs, value ->> 'strategy' AS strategy,
       value ->> '$.rules.min_netmask_length' AS allocation_min_netmask_length,
       value ->> '$.rules.max_netmask_length' AS allocation_max_netmask_length,
       value ->> '$.rules.default_netmask_length' AS allocation_default_netmask_length,
       value -> '$.rules.required_tags' AS allocation_required_tags, value -> 'tags' AS tags,
       value ->> 'owner' AS owner, value ->> 'state' AS state, value ->> 'hold_expires_at' AS hold_expires_at,
       value ->> 'created_at' AS created_at, value ->> 'updated_at' AS updated_at
FROM entries WHERE key >= 'pool/' AND key < 'pool0';

CREATE VIEW ipam_pool_cidrs AS
SELECT value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'pool_id' AS pool_id, value ->> 'cidr' AS cidr,
       value ->> 'inline' AS inline, value ->> 'source_allocation_id' AS source_allocation_id,
       value ->> 'owner' AS owner, value ->> 'state' AS state, value ->> 'hold_expires_at' AS hold_expires_at,
       value ->> 'created_at' AS created_at, value ->> 'updated_at' AS updated_at
FROM entries WHERE key >= 'pool-cidr/' AND key < 'pool-cidr0';

CREATE VIEW ipam_allocations AS
SELECT value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'pool_id' AS pool_id, value ->> 'cidr' AS cidr,
       value ->> 'resource_type' AS resource_type, value ->> 'resource_id' AS resource_id,
       value ->> 'description' AS description, value -> 'tags' AS tags,
       value ->> 'owner' AS owner, value ->> 'state' AS state, value ->> 'hold_expires_at' AS hold_expires_at,
       value ->> 'confirmed' AS confirmed, value ->> 'created_at' AS created_at, value ->> 'updated_at' AS updated_at
FROM entries WHERE key >= 'allocation/' AND key < 'allocation0';

CREATE VIEW ipam_events AS
SELECT value ->> 'sequence' AS sequence, value ->> 'time' AS time, value ->> '$.actor.owner' AS owner,
       value ->> '$.actor.user' AS user, value ->> '$.actor.run_url' AS run_url, value ->> 'action' AS action,
       value ->> 'kind' AS kind, value ->> 'id' AS id, value -> 'before' AS before, value -> 'after' AS after
FROM entries WHERE key >= 'event/' AND key < 'event0';
";

/// The kind of file that a connection is open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// An empty file.
    Blank,
    /// A file of this program, in the version that this program writes.
    Ours,
    /// A file of a newer version of this program.
    Newer(i64),
    /// A database of another program, or one with this program's id and a version that never existed.
    Foreign { application_id: i64 },
}

/// [`content_in_transaction`] in a transaction of its own.
pub(super) fn content(connection: &Connection) -> rusqlite::Result<Content> {
    let transaction = connection.unchecked_transaction()?;
    content_in_transaction(&transaction)
}

/// Reads the header, as the first step in a transaction, which also fixes the snapshot. Outside of a transaction,
/// another process could create the schema between two of the reads.
pub(super) fn content_in_transaction(connection: &Connection) -> rusqlite::Result<Content> {
    let number = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
    let application_id = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    Ok(match (application_id, version) {
        (APPLICATION_ID, VERSION) => Content::Ours,
        (APPLICATION_ID, newer) if newer > VERSION => Content::Newer(newer),
        (0, 0) if number("SELECT count(*) FROM sqlite_schema")? == 0 => Content::Blank,
        _ => Content::Foreign { application_id },
    })
}

impl Content {
    /// The error for content that this program neither reads nor writes.
    pub(super) fn refuse(self, path: &std::path::Path) -> Result<(), Error> {
        match self {
            Self::Blank | Self::Ours => Ok(()),
            Self::Newer(found) => Err(Error::Newer { found: found.unsigned_abs(), known: VERSION.unsigned_abs() }),
            Self::Foreign { application_id } => Err(Error::Corrupt(format!(
                "{} is the SQLite database of another program (application_id {application_id:#x}); nothing in it was \
                 changed",
                path.display()
            ))),
        }
    }
}

/// Writes the schema and the header numbers into a blank file, inside the transaction that is open.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}
