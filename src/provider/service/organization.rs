//! `ipam_organization_admin_account`: which account of an organization administers IPAM.

use crate::backend::service::{AccountId, AdminNoun, AdminRecord, AdminSpec};
use crate::ipam::Error;
use crate::tf::Path;
use crate::{at, model, text_attr};

use super::super::resources::Timeouts;
use super::ServiceModel;

text_attr!(AccountId);

model! {
    /// Makes a member account of an AWS organization the one that administers IPAM for all of it. The provider needs the
    /// credentials of the organization's management account. There is one such account in an organization.
    ///
    /// EC2 answers no question about which account it is (AWS Organizations could), so that the state is what was
    /// applied: a change made elsewhere is not noticed, and an import takes the id on trust. Creating what is so already
    /// and destroying what is not so any more succeed.
    pub(crate) struct AdminModel {
        /// Id of a member account, twelve digits in quotes. Not the management account itself.
        delegated_admin_account_id: AccountId => required().replace(),
        /// The same as `delegated_admin_account_id`.
        id: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ServiceModel for AdminModel {
    type Noun = AdminNoun;

    fn spec(&self) -> Option<AdminSpec> {
        Some(AdminSpec { account_id: self.delegated_admin_account_id.cloned()? })
    }

    fn fill(&mut self, record: &AdminRecord) {
        self.delegated_admin_account_id = record.account_id.clone().into();
        self.id = record.account_id.to_string().into();
    }

    fields!();

    fn place(&self, _error: &Error) -> Path {
        at!(Self, delegated_admin_account_id)
    }
}
