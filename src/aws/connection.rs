//! The connection that all nouns share: clients, the chosen IPAM, the requests of this process, and settings.

use tokio::sync::OnceCell;

use aws_sdk_ec2::types as ec2;

use crate::ipam::{Result, Tags};
use crate::runtime::block_on;

use super::connect::Clients;
use super::convert::need;
use super::pending::PendingRequests;
use super::response::{Refusal, ask, fault};
use super::settings::Settings;
use super::tags;
use super::wait::Pace;

/// The connection to AWS.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) clients: Clients,
    /// The IPAM that the configuration names.
    pub(super) ipam_id: Option<String>,
    chosen: OnceCell<ChosenIpam>,
    pub(super) pending: PendingRequests,
    pub(super) pace: Pace,
    /// Whether deletions wait until AWS has released space.
    pub(super) waits_for_release: bool,
}

/// The IPAM in which scopes are created and names are looked up.
#[derive(Debug)]
pub(super) struct ChosenIpam {
    pub(super) id: String,
    pub(super) private_scope: String,
    /// The discovery that AWS created together with the IPAM.
    pub(super) discovery: Option<String>,
}

impl Connection {
    /// Finds the credentials and the Region. No request is sent to the IPAM yet: an account that only uses pools that are
    /// shared with it has no IPAM.
    ///
    /// # Errors
    /// The missing settings, as sentences without secrets.
    pub(super) fn open(settings: &Settings, pace: Pace) -> Result<Self, String> {
        let clients = block_on(Clients::open(settings)).map_err(|no_thread| format!("{no_thread}."))?;
        Ok(Self {
            clients: clients?,
            ipam_id: settings.ipam_id.clone(),
            chosen: OnceCell::new(),
            pending: PendingRequests::default(),
            pace,
            waits_for_release: settings.wait_for_release.unwrap_or(true),
        })
    }

    /// The IPAM that the configuration names, or else the only one in the Region.
    pub(super) async fn ipam(&self) -> Result<&ChosenIpam> {
        self.chosen.get_or_try_init(|| self.choose()).await
    }

    async fn choose(&self) -> Result<ChosenIpam> {
        let ids = self.ipam_id.clone().map(|id| vec![id]);
        let request = self.clients.home().describe_ipams().set_ipam_ids(ids);
        let found: Vec<ec2::Ipam> = ask("DescribeIpams", request.into_paginator().items().send().try_collect()).await?;
        the_only(found, self.clients.home_region())
    }

    /// Sets and removes tags until they are equal to `after`. Sends nothing if they are equal already.
    pub(super) async fn retag(
        &self,
        client: &aws_sdk_ec2::Client,
        id: &str,
        before: &Tags,
        after: &Tags,
    ) -> Result<(), Refusal> {
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
fn the_only(mut found: Vec<ec2::Ipam>, region: &str) -> Result<ChosenIpam> {
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
    Ok(ChosenIpam {
        id: need(ipam.ipam_id, "IPAM id")?,
        private_scope: need(ipam.private_default_scope_id, "default scope")?,
        discovery: ipam.default_resource_discovery_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::Error;

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
}
