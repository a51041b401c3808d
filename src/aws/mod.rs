//! AWS VPC IPAM as a store. This is the only module that uses the AWS SDK.
//!
//! Pools, scopes and their CIDRs are requested in the home Region of the IPAM, and allocations in the Region of their
//! pool's locale. The `name` of an object is its `Name` tag, and its owner is the account. AWS reserves nothing for a
//! plan.
//!
//! | module | content |
//! |---|---|
//! | `settings`, `connect` | access to AWS; clients, one for each Region |
//! | `response`, `wait`, `pending` | answers and refusals; waiting in slices; the requests of this process |
//! | `convert`, `tags` | types of the SDK as records; data that is stored in tags |
//! | `read`, `usage`, `preflight` | reads; free space and its occupants; checks at plan time |
//! | `scope`, `pool`, `pool_change`, `pool_cidr`, `allocation` | the operations, by noun |
//! | `ipam` | [`crate::backend::Ipam`], based on the modules above |
//! | `observation` | [`crate::backend::observation::Observation`]: the resources that AWS has found in accounts |
//! | `scout` | [`crate::backend::scout::Scout`]: scans accounts by plain reads of EC2, for self-managed stores |
//! | `service` | [`crate::backend::service::Service`]: objects that only AWS has, by noun |

mod allocation;
mod connect;
mod convert;
mod ipam;
mod observation;
mod overview;
mod pages;
mod pending;
mod pool;
mod pool_change;
mod pool_cidr;
mod pool_tree;
mod preflight;
mod read;
mod response;
mod scope;
mod scout;
mod service;
mod settings;
mod tags;
mod usage;
mod wait;

pub use scout::Ec2Scout;
pub use settings::{Keys, Role, Settings, WebIdentity};
pub use wait::Pace;

use tokio::sync::OnceCell;

use aws_sdk_ec2::types as ec2;

use crate::ipam::{Error, Result, Tags};
use crate::runtime::block_on;
use crate::store;

use connect::Clients;
use pending::PendingRequests;
use response::{Refusal, ask, fault};

/// The value of `store` for AWS IPAM.
pub const STORE: &str = "aws-ipam";

/// The backend for AWS IPAM.
#[derive(Debug)]
pub struct AwsIpam {
    clients: Clients,
    wished_ipam: Option<String>,
    chosen: OnceCell<Chosen>,
    pending: PendingRequests,
    pace: Pace,
    /// Whether deletions wait until AWS has released space.
    waits_for_release: bool,
}

/// The IPAM in which scopes are created and names are looked up.
#[derive(Debug)]
struct Chosen {
    id: String,
    private_scope: String,
    /// The discovery that AWS created together with the IPAM.
    discovery: Option<String>,
}

impl AwsIpam {
    /// Finds the credentials and the Region. No request is sent to the IPAM yet: an account that only uses pools that are
    /// shared with it has no IPAM.
    ///
    /// # Errors
    /// The missing settings, as sentences without secrets.
    pub fn open(settings: &Settings, pace: Pace) -> Result<Self, String> {
        let opened = block_on(Clients::open(settings)).map_err(|no_thread| format!("{no_thread}."))?;
        Ok(Self {
            clients: opened?,
            wished_ipam: settings.ipam_id.clone(),
            chosen: OnceCell::new(),
            pending: PendingRequests::default(),
            pace,
            waits_for_release: settings.wait_for_release.unwrap_or(true),
        })
    }

    /// The IPAM that the configuration names, or else the only one in the Region.
    async fn ipam(&self) -> Result<&Chosen> {
        self.chosen.get_or_try_init(|| self.choose()).await
    }

    async fn choose(&self) -> Result<Chosen> {
        let wished = self.wished_ipam.clone().map(|id| vec![id]);
        let request = self.clients.home().describe_ipams().set_ipam_ids(wished);
        let found: Vec<ec2::Ipam> = ask("DescribeIpams", request.into_paginator().items().send().try_collect()).await?;
        the_only(found, self.clients.home_region())
    }

    /// Runs a read or an operation to its end.
    fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        block_on(work).map_err(|no_thread| Error::Store(store::Error::Unavailable(no_thread.to_string())))?
    }

    /// Sets and removes tags until they are equal to `after`. Sends nothing if they are equal already.
    async fn retag(&self, client: &aws_sdk_ec2::Client, id: &str, before: &Tags, after: &Tags) -> Result<(), Refusal> {
        let (set, gone) = tags::delta(before, after);
        if !set.is_empty() {
            ask("CreateTags", client.create_tags().resources(id).set_tags(Some(tags::request(&set))).send()).await?;
        }
        if !gone.is_empty() {
            let gone = gone.into_iter().map(|key| ec2::Tag::builder().key(key).build()).collect();
            ask("DeleteTags", client.delete_tags().resources(id).set_tags(Some(gone)).send()).await?;
        }
        Ok(())
    }
}

/// The only IPAM in the list.
fn the_only(mut found: Vec<ec2::Ipam>, region: &str) -> Result<Chosen> {
    use ec2::IpamState as State;
    found.retain(|ipam| {
        !matches!(ipam.state(), Some(State::DeleteInProgress | State::DeleteComplete | State::CreateFailed))
    });
    let ids: Vec<&str> = found.iter().filter_map(ec2::Ipam::ipam_id).collect();
    let refusal = match ids.len() {
        1 => None,
        0 => Some(format!("there is no IPAM in {region}: create one there, or set `region` in the `aws` block")),
        _ => Some(format!("{region} has several IPAMs: set `ipam_id` in the `aws` block to one of {}", ids.join(", "))),
    };
    if let Some(words) = refusal {
        return Err(fault("DescribeIpams", "WhichIpam", words).into());
    }
    let ipam = found.remove(0);
    Ok(Chosen {
        id: convert::need(ipam.ipam_id, "IPAM id")?,
        private_scope: convert::need(ipam.private_default_scope_id, "default scope")?,
        discovery: ipam.default_resource_discovery_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_ipam_is_chosen_or_the_error_lists_all() {
        let ipam = |id: &str| ec2::Ipam::builder().ipam_id(id).private_default_scope_id("ipam-scope-1");
        let deleted = ipam("ipam-0").state(ec2::IpamState::DeleteComplete);
        let chosen = the_only(vec![deleted.build(), ipam("ipam-1").build()], "eu-west-1").unwrap();
        assert_eq!((chosen.id.as_str(), chosen.private_scope.as_str()), ("ipam-1", "ipam-scope-1"));
        for (found, words) in [
            (vec![ipam("ipam-1").build(), ipam("ipam-2").build()], "one of ipam-1, ipam-2"),
            (vec![], "there is no IPAM in eu-west-1"),
        ] {
            let error = the_only(found, "eu-west-1").unwrap_err();
            assert!(matches!(&error, Error::Service(fault) if fault.message.contains(words)), "{error:?}");
        }
    }

    #[test]
    fn settings_show_no_credentials_in_their_debug_text() {
        let keys = Keys { access_key: "AKIAX".into(), secret_key: "wJalr".into(), token: Some("FwoGZ".into()) };
        let shown = format!("{:?}", Settings { keys: Some(keys), ..Settings::default() });
        assert!(!["AKIAX", "wJalr", "FwoGZ"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
