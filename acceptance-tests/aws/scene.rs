//! An endpoint with an IPAM, and short ways to make objects and requests.

use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Endpoint, Script};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const HOME: &str = "us-east-1";
pub(crate) const AWAY: &str = "eu-west-1";

/// An IPAM with two operating Regions.
pub(crate) struct Scene {
    pub(crate) endpoint: Endpoint,
    /// The account in the IPAM's own Region.
    pub(crate) home: Boto,
    pub(crate) ipam: Value,
    /// Id of the default private scope.
    pub(crate) scope: String,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text")).to_owned()
}

impl Scene {
    /// A scene in which every change is complete at once, until another script is set.
    pub(crate) fn new() -> Self {
        let endpoint = Endpoint::start();
        endpoint.script(Script::at_once());
        let home = Boto::new(&endpoint, ACCOUNT, HOME);
        let regions = json!([{"RegionName": HOME}, {"RegionName": AWAY}]);
        let ipam = home.call("create_ipam", json!({"OperatingRegions": regions}))["Ipam"].clone();
        let scope = text(&ipam["PrivateDefaultScopeId"]);
        Self { endpoint, home, ipam, scope }
    }

    /// The account in the other Region.
    pub(crate) fn away(&self) -> Boto {
        self.home.in_region(AWAY)
    }

    /// Creates an IPv4 pool with additional arguments. Returns its id.
    #[track_caller]
    pub(crate) fn pool(&self, more: Value) -> String {
        let made = self.home.call("create_ipam_pool", self.pool_arguments(more));
        text(&made["IpamPool"]["IpamPoolId"])
    }

    /// Arguments of a new IPv4 pool in the private scope.
    pub(crate) fn pool_arguments(&self, more: Value) -> Value {
        let mut arguments = json!({"IpamScopeId": self.scope, "AddressFamily": "ipv4"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    }

    #[track_caller]
    pub(crate) fn provision(&self, pool: &str, cidr: &str) -> Value {
        let arguments = json!({"IpamPoolId": pool, "Cidr": cidr});
        self.home.call("provision_ipam_pool_cidr", arguments)["IpamPoolCidr"].clone()
    }

    /// A pool with 10.0.0.0/8 and no locale, and one below it with 10.0.0.0/16 in the home Region.
    pub(crate) fn tree(&self) -> (String, String) {
        let top = self.pool(json!({}));
        self.provision(&top, "10.0.0.0/8");
        let leaf = self.pool(json!({"SourceIpamPoolId": top, "Locale": HOME}));
        self.provision(&leaf, "10.0.0.0/16");
        (top, leaf)
    }

    #[track_caller]
    pub(crate) fn allocate(&self, pool: &str, netmask_length: u8) -> Value {
        let arguments = json!({"IpamPoolId": pool, "NetmaskLength": netmask_length});
        self.home.call("allocate_ipam_pool_cidr", arguments)["IpamPoolAllocation"].clone()
    }

    #[track_caller]
    pub(crate) fn release(&self, pool: &str, allocation: &Value) {
        self.home.call("release_ipam_pool_allocation", release_of(pool, allocation));
    }

    /// CIDRs that the pool's list of allocations shows.
    pub(crate) fn allocated(&self, pool: &str) -> Vec<String> {
        let answer = self.home.call("get_ipam_pool_allocations", json!({"IpamPoolId": pool}));
        answer["IpamPoolAllocations"].as_array().unwrap().iter().map(|found| text(&found["Cidr"])).collect()
    }

    /// The states of the pool's CIDRs, with the reasons of failures.
    pub(crate) fn pool_cidrs(&self, pool: &str) -> Vec<Value> {
        let answer = self.home.call("get_ipam_pool_cidrs", json!({"IpamPoolId": pool}));
        answer["IpamPoolCidrs"].as_array().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn pool_state(&self, pool: &str) -> String {
        let answer = self.home.call("describe_ipam_pools", json!({"IpamPoolIds": [pool]}));
        text(&answer["IpamPools"][0]["State"])
    }

    /// Verifies that the core is sound. (The messages are checked against the model when the endpoint is dropped.)
    #[track_caller]
    pub(crate) fn is_sound(&self) {
        assert_eq!(self.endpoint.audit(), Vec::<String>::new());
    }
}

/// Arguments that release an allocation.
pub(crate) fn release_of(pool: &str, allocation: &Value) -> Value {
    json!({
        "IpamPoolId": pool,
        "Cidr": allocation["Cidr"],
        "IpamPoolAllocationId": allocation["IpamPoolAllocationId"],
    })
}
