//! The account that administers IPAM for an organization. EC2 accepts the request and has no call to read the account;
//! only AWS Organizations reports it.

use crate::backend::service::{AdminNoun, AdminRecord, AdminSpec, Keeps};
use crate::ipam::Result;

use super::super::AwsIpam;
use super::super::response::{ask, fault};

const ENABLE: &str = "EnableIpamOrganizationAdminAccount";
const DISABLE: &str = "DisableIpamOrganizationAdminAccount";

/// The error code of AWS if the account does not administer IPAM.
const NOT_REGISTERED: &str = "IpamOrganizationAccountNotRegistered";

impl AwsIpam {
    async fn appoint(&self, spec: &AdminSpec) -> Result<AdminRecord> {
        let request = self.clients.home().enable_ipam_organization_admin_account();
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

    async fn dismiss(&self, spec: &AdminSpec) -> Result<()> {
        let request = self.clients.home().disable_ipam_organization_admin_account();
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

impl Keeps<AdminNoun> for AwsIpam {
    fn create(&self, spec: &AdminSpec) -> Result<AdminRecord> {
        self.run(self.appoint(spec))
    }

    /// Returns the requested account, because no call reports the present one.
    fn get(&self, id: &str) -> Result<Option<AdminRecord>> {
        let account_id = id.parse().map_err(|why: String| fault(ENABLE, "InvalidAccountId", why))?;
        Ok(Some(AdminRecord { account_id }))
    }

    fn list(&self) -> Result<Vec<AdminRecord>> {
        Err(fault(ENABLE, "NoList", "EC2 does not report which account administers IPAM").into())
    }

    fn update(&self, _id: &str, _before: &AdminSpec, after: &AdminSpec) -> Result<AdminRecord> {
        self.run(self.appoint(after))
    }

    fn delete(&self, _id: &str, spec: &AdminSpec) -> Result<()> {
        self.run(self.dismiss(spec))
    }
}
