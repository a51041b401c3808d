//! The store behind a configuration, looked at without Terraform.

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
    Actor, Allocation, AllocationSpec, Error, Event, Pool, PoolSpec, Provision, Rules, Scope, Size, Special, State,
    Strategy, Tags,
};
use terraform_provider_ipam::store::bucket::Bucket;
use terraform_provider_ipam::store::{self, StoreUrl};
use test_servers::{Postgres, Proxy, S3};

use super::client::Client;

/// Waiting for something that must happen takes at most this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who acts when a test writes past Terraform.
pub const SOMEBODY_ELSE: &str = "somebody-else";

/// Where pools of AWS are whose test says no Region: AWS allocates only in pools that have one.
pub const LOCALE: &str = "us-east-1";

/// What `store` says for AWS IPAM.
const AWS: &str = "aws-ipam";

/// A store that a configuration uses.
#[derive(Clone, Debug)]
pub struct Store {
    url: String,
    /// What else is needed to reach it: credentials.
    environment: Vec<(&'static str, String)>,
    /// Whose it is, in AWS.
    account: Option<String>,
    /// Which Terraform or OpenTofu works with it, if not the one that tests run on.
    client: Option<&'static Client>,
    /// Where it is (a directory, a server): there as long as this is.
    _place: Option<Arc<dyn Any + Send + Sync>>,
}

/// All that is in a store, to compare before with after.
#[derive(Debug, PartialEq)]
pub struct Content {
    events: Vec<Event>,
    pools: Vec<Pool>,
    allocations: Vec<Allocation>,
}

impl Store {
    /// A SQLite file, which need not be there yet.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self::of(format!("sqlite:{}", path.as_ref().display()))
    }

    /// The store of a URL.
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), environment: Vec::new(), account: None, client: None, _place: None }
    }

    /// A new SQLite file.
    pub fn sqlite() -> Self {
        Self::in_directory(|path| format!("sqlite:{path}/ipam.db"))
    }

    /// A new directory of files.
    pub fn file() -> Self {
        Self::in_directory(|path| format!("file://{path}/plan"))
    }

    fn in_directory(url: impl Fn(std::path::Display<'_>) -> String) -> Self {
        let directory: TempDir = tempfile::tempdir().expect("a scratch directory");
        let store = Self::of(url(directory.path().display()));
        store.in_place(directory)
    }

    /// The same, with what must be there as long as it is.
    pub fn in_place(self, place: impl Any + Send + Sync) -> Self {
        Self { _place: Some(Arc::new(place)), ..self }
    }

    /// A new database of the PostgreSQL server that all tests share.
    pub fn postgres() -> Self {
        let server = Postgres::shared();
        Self::of(server.url(&server.create_database()))
    }

    /// A new bucket of the S3 server that all tests share.
    pub fn s3() -> Self {
        Self::in_bucket(S3::shared(), &S3::shared().create_bucket())
    }

    /// This bucket of this server.
    pub fn in_bucket(server: &S3, bucket: &str) -> Self {
        let url = format!("s3://{bucket}/plan?region={}&endpoint={}", S3::REGION, server.endpoint());
        Self::of(url).with("AWS_ACCESS_KEY_ID", "tests").with("AWS_SECRET_ACCESS_KEY", "tests")
    }

    /// The same with another variable in the environment of whoever uses it.
    pub fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.to_owned()));
        self
    }

    /// The same, used by this Terraform or OpenTofu.
    pub fn used_by(self, client: &'static Client) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Which Terraform or OpenTofu works with it.
    pub fn client(&self) -> &'static Client {
        self.client.unwrap_or_else(Client::chosen)
    }

    /// The same, of this account of AWS.
    #[cfg(feature = "aws")]
    pub fn of_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// The same, reached through a proxy to its server.
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

    /// Who an object belongs to that was made by `owner`: in AWS everything of an account is the account's.
    pub fn owner_of<'a>(&'a self, owner: &'a str) -> &'a str {
        self.account.as_deref().unwrap_or(owner)
    }

    /// Whether it is a file that nobody has made yet.
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

    /// Tells a command where the store is, and gives it the credentials.
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

    /// The keys and values under it all.
    pub fn raw(&self) -> Arc<dyn store::Store> {
        let url = StoreUrl::new(&self.url);
        if !self.url.starts_with("s3:") {
            return store::open(&url).expect("the store opens");
        }
        // Credentials come from the environment, and that of the test process is not to be changed.
        let variables = self.environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Arc::new(Bucket::with_environment(&url, variables).expect("the store opens"))
    }

    pub fn open(&self) -> Box<dyn Ipam> {
        self.open_as(SOMEBODY_ELSE)
    }

    /// Verifies everything in it.
    #[track_caller]
    pub fn assert_sound(&self) -> Audit {
        let audit = self.open().check().expect("the store can be checked");
        assert!(audit.findings.is_empty(), "the store is not sound: {:#?}", audit.findings);
        audit
    }

    /// Verifies everything in it, and that it holds neither pools nor allocations nor holds.
    #[track_caller]
    pub fn assert_empty(&self) {
        let audit = self.assert_sound();
        let left = (audit.pools, audit.allocations, audit.holds);
        assert_eq!(left, (0, 0, 0), "pools, allocations and holds left: {:#?}", self.content());
    }

    pub fn content(&self) -> Content {
        Content { events: self.events(), pools: self.pools(), allocations: self.allocations() }
    }

    /// All of them; AWS tells of none.
    pub fn events(&self) -> Vec<Event> {
        match self.open().events(0, 100_000) {
            Err(Error::Unsupported { .. }) => Vec::new(),
            events => events.expect("events can be read"),
        }
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

    /// Waits until no hold lasts any longer.
    #[track_caller]
    pub fn wait_until_holds_have_expired(&self) {
        let lasts = |now, expiry: Option<_>| expiry.is_some_and(|expiry| expiry > now);
        wait_for("all holds to expire", || {
            let now = self.open().now();
            !self.allocations().iter().any(|allocation| lasts(now, allocation.meta.hold_expires_at))
                && !self.pools().iter().any(|pool| lasts(now, pool.meta.hold_expires_at))
                && !self.scopes().iter().any(|scope| lasts(now, scope.meta.hold_expires_at))
        });
    }

    /// Makes a pool past Terraform, as [`SOMEBODY_ELSE`].
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

    /// Makes an allocation past Terraform, as [`SOMEBODY_ELSE`].
    pub fn add_allocation(&self, pool_id: &str, name: &str, cidr: &str) -> Allocation {
        let spec = AllocationSpec {
            pool_id: pool_id.to_owned(),
            name: name.to_owned(),
            size: Size::Cidr(cidr.parse().expect("a CIDR")),
            disallowed_cidrs: [].into(),
            description: None,
            tags: Tags::default(),
        };
        self.open().create_allocation(&spec, &Planned::Unknown).expect("the allocation can be made")
    }
}

/// A pool that a test makes past Terraform.
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
