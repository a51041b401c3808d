//! The names of the parameters, in URLs and in the environment.

/// Environment variable for the schema; all other variables have the names of libpq.
pub(super) const SCHEMA_VARIABLE: &str = "IPAM_POSTGRES_SCHEMA";

/// Parameters of a URL, and the environment variable that sets each when the URL does not.
pub(super) const PARAMETERS: [(&str, Option<&str>); 18] = [
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("dbname", Some("PGDATABASE")),
    ("schema", Some(SCHEMA_VARIABLE)),
    ("sslmode", Some("PGSSLMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("application_name", Some("PGAPPNAME")),
    ("options", Some("PGOPTIONS")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("fallback_application_name", None),
];
