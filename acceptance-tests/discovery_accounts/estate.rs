//! The estate: the networks in which discovery is tested, made once for all tests of this process.

use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::discovery::types::{Survey, SurveyRole};
use test_servers::Ec2;

use super::python;

/// The account of the caller, and two accounts that it reaches by roles.
pub(crate) const ACCOUNTS: [&str; 3] = [Ec2::HOME, "210987654321", "345678901234"];
pub(crate) const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];

/// Tests that only read it share the lock; a test that measures time has it alone.
static ESTATE: OnceLock<RwLock<Estate>> = OnceLock::new();

pub(crate) struct Estate {
    server: Ec2,
    /// All resources and addresses as boto3 sees them.
    seen: OnceLock<Value>,
}

/// A role in an account.
pub(crate) fn role(account: &str) -> SurveyRole {
    SurveyRole { role_arn: format!("arn:aws:iam::{account}:role/ipam-discovery"), external_id: None }
}

impl Estate {
    fn make() -> RwLock<Self> {
        let estate = Self { server: Ec2::start(), seen: OnceLock::new() };
        let made = python::run("estate.py", &[], &estate.wish());
        println!("made: {made}");
        let at_least = |what: &str, count: u64| assert!(made[what].as_u64().unwrap() >= count, "{made}");
        for (what, count) in [("vpcs", 190), ("subnets", 1_850), ("addresses", 500), ("interfaces", 600)] {
            at_least(what, count);
        }
        RwLock::new(estate)
    }

    /// The estate, shared with other tests.
    pub(crate) fn shared() -> RwLockReadGuard<'static, Self> {
        ESTATE.get_or_init(Self::make).read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The estate, while no other test of this process uses it.
    pub(crate) fn alone() -> RwLockWriteGuard<'static, Self> {
        ESTATE.get_or_init(Self::make).write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn url(&self) -> String {
        self.server.endpoint()
    }

    /// The description of the estate that scripts read.
    pub(crate) fn wish(&self) -> Value {
        let account = |id: &&str| json!({"id": id, "role": (*id != Ec2::HOME).then(|| role(id).role_arn)});
        json!({"url": self.url(), "accounts": ACCOUNTS.iter().map(account).collect::<Vec<_>>(), "regions": REGIONS})
    }

    /// All resources and addresses as boto3 sees them; requested once, because that takes long.
    pub(crate) fn seen(&self) -> &Value {
        self.seen.get_or_init(|| python::run("expected.py", &["samples"], &self.wish()))
    }

    /// A survey of the whole estate.
    pub(crate) fn survey() -> Survey {
        Survey {
            operating_regions: REGIONS.map(str::to_owned).into(),
            roles: ACCOUNTS[1..].iter().map(|id| role(id)).collect(),
            own_account: true,
            ..Survey::default()
        }
    }

    pub(crate) fn order(&self, order: &Value) -> Value {
        serde_json::from_str(&self.server.order(&order.to_string())).unwrap()
    }
}
