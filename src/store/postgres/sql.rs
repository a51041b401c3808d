//! The SQL statements, with the name of the schema inserted.
//!
//! Reads and writes use only plain SQL: no advisory locks, no LOCK TABLE, no triggers. All database engines that speak
//! PostgreSQL's protocol support that much.

/// Begins a read on a snapshot that does not change.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Begins a write.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// `name` as a quoted SQL identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Inserts the name of the schema into the text of an SQL file.
pub(super) fn in_schema(sql: &str, schema: &str) -> String {
    let code = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
    code.replace("SCHEMA.", &format!("{}.", identifier(schema)))
}

/// The texts of all statements that reads and writes need.
pub(super) struct Texts {
    pub(super) begin_read: String,
    /// Begins a write and takes the writers' lock: the first action of every write is to change the one row of meta.
    /// Another writer waits there, and gets the conflict before it has done any work.
    pub(super) begin_write: String,
    pub(super) around: String,
    pub(super) page_up: String,
    pub(super) page_down: String,
    pub(super) those: String,
    pub(super) put: String,
    pub(super) delete: String,
    pub(super) generation: String,
    pub(super) size: String,
}

impl Texts {
    pub(super) fn new(schema: &str) -> Self {
        let schema = identifier(schema);
        let page = |order: &str| {
            format!(
                "SELECT key, value FROM {schema}.entries WHERE key >= $1 AND key < $2 ORDER BY key {order} LIMIT $3"
            )
        };
        Self {
            begin_read: format!("{BEGIN_READ}; SELECT layout, views FROM {schema}.meta WHERE id = 1"),
            begin_write: format!(
                "{BEGIN_WRITE}; UPDATE {schema}.meta SET generation = generation + 1 WHERE id = 1 RETURNING layout, views"
            ),
            around: format!("SELECT key, value FROM {schema}.entries WHERE key >= $1 ORDER BY key LIMIT 2"),
            page_up: page("ASC"),
            page_down: page("DESC"),
            those: format!("SELECT key, value FROM {schema}.entries WHERE key = ANY($1)"),
            put: format!(
                "INSERT INTO {schema}.entries (key, value) SELECT * FROM unnest($1::text[], $2::bytea[]) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            ),
            delete: format!("DELETE FROM {schema}.entries WHERE key = ANY($1)"),
            generation: format!("SELECT generation FROM {schema}.meta WHERE id = 1"),
            size: format!(
                "SELECT pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = '{}' AND c.relname = 'entries'",
                schema[1..schema.len() - 1].replace("\"\"", "\"").replace('\'', "''")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_any_name_is_quoted() {
        assert_eq!(identifier("a\"; DROP"), "\"a\"\"; DROP\"");
        let texts = Texts::new("o'br\"ien");
        assert!(texts.size.contains("'o''br\"ien'"), "{}", texts.size);
        assert!(texts.put.contains("INTO \"o'br\"\"ien\".entries"), "{}", texts.put);
        assert_eq!(in_schema("-- SCHEMA stands\nCREATE TABLE SCHEMA.meta ()", "x"), "CREATE TABLE \"x\".meta ()");
    }
}
