//! Real servers for tests: PostgreSQL, an S3 server, and a proxy that cuts and delays.
