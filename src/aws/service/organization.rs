//! The account that administers IPAM for an organization. EC2 accepts the request and has no call to read the account;
//! only AWS Organizations reports it.

use crate::backend::service::{AdminNoun, AdminRecord, AdminSpec};
use crate::ipam::Result;

use super::super::connection::Connection;
use super::super::response::{ask, fault};
use super::keeper::AsyncKeeps;

const ENABLE: &str = "EnableIpamOrganizationAdminAccount";
const DISABLE: &str = "DisableIpamOrganizationAdminAccount";

/// The error code of AWS if the account does not administer IPAM.
const NOT_REGISTERED: &str = "IpamOrganizationAccountNotRegistered";

/// The account that administers IPAM for the organization.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Admins<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl AsyncKeeps<AdminNoun> for Admins<'_> {
    async fn create(&self, spec: &AdminSpec) -> Result<AdminRecord> {
        let request = self.aws.clients.home().enable_ipam_organization_admin_account();
        let answer = ask(ENABLE, request.delegated_admin_account_id(spec.account_id.to_string()).send()).await?;
        if answer.success() == Some(false) {
            return Err(fault(
                ENABLE,
                "NoSuccess",
                "AWS answers that the request did not succeed, and gives no reason",
            )
            .into());
        }
        Ok(AdminRecord { account_id: spec.account_id.clone() })
    }

    /// Returns the requested account, because no call reports the present one.
    async fn get(&self, id: &str) -> Result<Option<AdminRecord>> {
        let account_id = id.parse().map_err(|why: String| fault(ENABLE, "InvalidAccountId", why))?;
        Ok(Some(AdminRecord { account_id }))
    }

    async fn list(&self) -> Result<Vec<AdminRecord>> {
        Err(fault(ENABLE, "NoList", "EC2 does not report which account administers IPAM").into())
    }

    async fn update(&self, _id: &str, _before: &AdminSpec, after: &AdminSpec) -> Result<AdminRecord> {
        self.create(after).await
    }

    async fn delete(&self, _id: &str, spec: &AdminSpec) -> Result<()> {
        let request = self.aws.clients.home().disable_ipam_organization_admin_account();
        match ask(DISABLE, request.delegated_admin_account_id(spec.account_id.to_string()).send()).await {
            Err(refusal) if refusal.is(NOT_REGISTERED) => Ok(()),
            Err(refusal) => Err(refusal.into()),
            Ok(answer) if answer.success() == Some(false) => {
                Err(fault(DISABLE, "NoSuccess", "AWS answers that the request did not succeed, and gives no reason")
                    .into())
            }
            Ok(_) => Ok(()),
        }
    }
}
