//! The store of a configuration, read without Terraform.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use terraform_provider_ipam::backend::{AllocationFilter, Audit, Ipam, Local, Planned, PoolFilter, Surroundings};
use terraform_provider_ipam::ipam::{
    Actor, Allocation, AllocationSpec, Event, Pool, PoolSpec, Provision, Rules, Scope, Size, Special, State, Strategy,
    Tags,
};
use terraform_provider_ipam::store::bucket::Bucket;
use terraform_provider_ipam::store::{self, StoreUrl};
use test_servers::{Postgres, Proxy, S3};

use super::client::Client;

/// Longest time to wait for an event that must happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// The owner of objects that a test writes outside Terraform.
pub const SOMEBODY_ELSE: &str = "somebody-else";

/// The locale of pools in AWS if the test names none: AWS allocates only in pools that have a locale.
pub const LOCALE: &str = "us-east-1";

/// The value of `store` for AWS IPAM.
const AWS: &str = "aws-ipam";

/// A store that a configuration uses.
#[derive(Clone, Debug)]
pub struct Store {
    url: String,
    /// Variables that are also needed to use the store: credentials.
    environment: Vec<(&'static str, String)>,
    /// The AWS account of the store, in AWS.
    account: Option<String>,
    /// The Terraform or OpenTofu that works with the store, if it is not the one that tests run on.
    client: Option<&'static Client>,
    /// The place of the store (a directory, a server), which must exist as long as this value.
    _place: Option<Arc<dyn Any + Send + Sync>>,
}

/// Everything in a store, for a comparison of before and after.
#[derive(Debug, PartialEq)]
pub struct Content {
    events: Vec<Event>,
    pools: Vec<Pool>,
    allocations: Vec<Allocation>,
}

impl Store {
    /// A store in a SQLite file, which need not exist yet.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self::of(format!("sqlite:{}", path.as_ref().display()))
    }

    /// The store at a URL.
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), environment: Vec::new(), account: None, client: None, _place: None }
    }

    /// A store in a new SQLite file.
    pub fn sqlite() -> Self {
        Self::in_directory(|path| format!("sqlite:{path}/ipam.db"))
    }

    /// A store in a new directory.
    pub fn file() -> Self {
        Self::in_directory(|path| format!("file://{path}/plan"))
    }

    fn in_directory(url: impl Fn(std::path::Display<'_>) -> String) -> Self {
        let directory: TempDir = tempfile::tempdir().expect("a scratch directory");
        let store = Self::of(url(directory.path().display()));
        store.in_place(directory)
    }

    /// This store, with the place that must exist as long as the store.
    pub fn in_place(self, place: impl Any + Send + Sync) -> Self {
        Self { _place: Some(Arc::new(place)), ..self }
    }

    /// A store in a new database of the PostgreSQL server that all tests share.
    pub fn postgres() -> Self {
        let server = Postgres::shared();
        Self::of(server.url(&server.create_database()))
    }

    /// A store in a new bucket of the S3 server that all tests share.
    pub fn s3() -> Self {
        Self::in_bucket(S3::shared(), &S3::shared().create_bucket())
    }

    /// A store in this bucket of this server.
    pub fn in_bucket(server: &S3, bucket: &str) -> Self {
        let url = format!("s3://{bucket}/plan?region={}&endpoint={}", S3::REGION, server.endpoint());
        Self::of(url).with("AWS_ACCESS_KEY_ID", "tests").with("AWS_SECRET_ACCESS_KEY", "tests")
    }

    /// This store, with another variable in the environment of its users.
    pub fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.to_owned()));
        self
    }

    /// This store, used by this Terraform or OpenTofu.
    pub fn used_by(self, client: &'static Client) -> Self {
        Self { client: Some(client), ..self }
    }

    /// The Terraform or OpenTofu that works with the store.
    pub fn client(&self) -> &'static Client {
        self.client.unwrap_or_else(Client::chosen)
    }

    /// This store, in this account of AWS.
    #[cfg(feature = "aws")]
    pub fn of_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// This store, reached through a proxy to its server.
    pub fn through(&self, server: &str, proxy: &Proxy) -> Self {
        assert!(self.url.contains(server), "{} is not at {server}", self.url);
        Self { url: self.url.replace(server, &proxy.address()), ..self.clone() }
    }

    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub fn is_aws(&self) -> bool {
        self.url == AWS
    }

    /// The owner of an object that `owner` made: in AWS everything in an account belongs to the account.
    pub fn owner_of<'a>(&'a self, owner: &'a str) -> &'a str {
        self.account.as_deref().unwrap_or(owner)
    }

    /// Whether the store is a file that does not exist yet.
    pub fn is_not_made_yet(&self) -> bool {
        self.is_sqlite() && !self.path().exists()
    }

    /// The file of a SQLite store.
    pub fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix("sqlite:").expect("this test is about a SQLite file"))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds the place of the store and its credentials to the environment of a command.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("IPAM_STORE", &self.url).envs(self.environment.iter().map(|(name, value)| (name, value)))
    }

    /// The store, opened anew, with the rights of `owner`.
    pub fn open_as(&self, owner: &str) -> Box<dyn Ipam> {
        #[cfg(feature = "aws")]
        if self.is_aws() {
            return Box::new(self.aws());
        }
        let actor = Actor { owner: owner.to_owned(), ..Actor::default() };
        Box::new(Local::over(self.raw(), actor, Surroundings::default()))
    }

    #[cfg(feature = "aws")]
    fn aws(&self) -> terraform_provider_ipam::aws::AwsIpam {
        use terraform_provider_ipam::aws::{AwsIpam, Keys, Pace, Settings};
        let variable = |name: &str| {
            let found = self.environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        let settings = Settings {
            region: variable("AWS_REGION"),
            keys: keys.map(|(access_key, secret_key)| Keys { access_key, secret_key, token: None }),
            ec2_endpoint: variable("AWS_ENDPOINT_URL_EC2"),
            ..Settings::default()
        };
        AwsIpam::open(&settings, Pace::default()).expect("AWS can be reached")
    }

    /// The keys and values that the store consists of.
    pub fn raw(&self) -> Arc<dyn store::Store> {
        let url = StoreUrl::new(&self.url);
        if !self.url.starts_with("s3:") {
            return store::open(&url).expect("the store opens");
        }
        // Credentials are passed as variables here: the environment of the test process must not change.
        let variables = self.environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Arc::new(Bucket::with_environment(&url, variables).expect("the store opens"))
    }

    pub fn open(&self) -> Box<dyn Ipam> {
        self.open_as(SOMEBODY_ELSE)
    }

    /// Verifies everything in the store.
    #[track_caller]
    pub fn assert_sound(&self) -> Audit {
        let audit = self.open().check().expect("the store can be checked");
        assert!(audit.findings.is_empty(), "the store is not sound: {:#?}", audit.findings);
        audit
    }

    /// Verifies everything in the store, and that it has no pools, allocations or holds.
    #[track_caller]
    pub fn assert_empty(&self) {
        let audit = self.assert_sound();
        let left = (audit.pools, audit.allocations, audit.holds);
        assert_eq!(left, (0, 0, 0), "pools, allocations and holds left: {:#?}", self.content());
    }

    pub fn content(&self) -> Content {
        Content { events: self.events(), pools: self.pools(), allocations: self.allocations() }
    }

    /// All events; AWS reports none.
    pub fn events(&self) -> Vec<Event> {
        let store = self.open();
        let events = store.history().map(|history| history.events(0, 100_000).expect("events can be read"));
        events.unwrap_or_default()
    }

    /// Scopes, holds included.
    pub fn scopes(&self) -> Vec<Scope> {
        self.open().list_scopes(true).expect("scopes can be listed")
    }

    /// Pools, holds included.
    pub fn pools(&self) -> Vec<Pool> {
        let filter = PoolFilter { include_planned: true, ..PoolFilter::default() };
        self.open().list_pools(&filter).expect("pools can be listed")
    }

    /// Allocations, holds included.
    pub fn allocations(&self) -> Vec<Allocation> {
        let filter = AllocationFilter { include_planned: true, ..AllocationFilter::default() };
        self.open().list_allocations(&filter).expect("allocations can be listed")
    }

    /// Active allocations by id, with their blocks.
    pub fn active(&self) -> BTreeMap<String, String> {
        let active = self.allocations().into_iter().filter(|allocation| allocation.meta.state == State::Active);
        active.map(|allocation| (allocation.meta.id, allocation.cidr.to_string())).collect()
    }

    /// Waits until no hold is left that has not expired.
    #[track_caller]
    pub fn wait_until_holds_have_expired(&self) {
        let lasts = |now, expiry: Option<_>| expiry.is_some_and(|expiry| expiry > now);
        wait_for("all holds to expire", || {
            let now = self.open().now();
            let last = |one: &Allocation| {
                let growth = one.growth.as_ref().map(|growth| growth.expires_at);
                let waiting = one.waiting_growth.as_ref().map(|waiting| waiting.expires_at);
                one.meta.hold_expires_at.max(growth).max(waiting)
            };
            !self.allocations().iter().any(|allocation| lasts(now, last(allocation)))
                && !self.pools().iter().any(|pool| lasts(now, pool.meta.hold_expires_at))
                && !self.scopes().iter().any(|scope| lasts(now, scope.meta.hold_expires_at))
        });
    }

    /// Makes a pool outside Terraform, as [`SOMEBODY_ELSE`].
    pub fn add_pool(&self, pool: &NewPool<'_>) -> Pool {
        let spec = PoolSpec {
            name: pool.name.to_owned(),
            scope_id: None,
            source_pool_id: pool.source.map(str::to_owned),
            address_family: None,
            locale: pool.locale.or((self.url == AWS).then_some(LOCALE)).map(str::to_owned),
            description: None,
            rules: pool.rules.clone(),
            strategy: Strategy::default(),
            tags: Tags::default(),
            provision: Provision::Cidrs(pool.cidrs.iter().map(|cidr| cidr.parse().expect("a CIDR")).collect()),
            special: Special::default(),
        };
        self.open().create_pool(&spec, &Planned::Unknown).expect("the pool can be made")
    }

    /// Makes an allocation outside Terraform, as [`SOMEBODY_ELSE`].
    pub fn add_allocation(&self, pool_id: &str, name: &str, cidr: &str) -> Allocation {
        let spec = AllocationSpec::new(pool_id, name, Size::Cidr(cidr.parse().expect("a CIDR")));
        self.open().create_allocation(&spec, &Planned::Unknown).expect("the allocation can be made")
    }
}

/// A pool that a test makes outside Terraform.
#[derive(Clone, Debug, Default)]
pub struct NewPool<'a> {
    pub name: &'a str,
    pub cidrs: &'a [&'a str],
    pub source: Option<&'a str>,
    pub locale: Option<&'a str>,
    pub rules: Rules,
}

/// Waits for a condition.
#[track_caller]
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
