//! `ipam_organization_admin_account`: the account of an organization that administers IPAM.

use crate::backend::service::{AccountId, AdminNoun, AdminRecord, AdminSpec};
use crate::ipam::Error;
use crate::tf::Path;
use crate::{at, model, text_attr};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields};

text_attr!(AccountId);

model! {
    /// Makes a member account of an AWS organization the administrator of IPAM for the whole organization (only with
    /// the store `aws-ipam`). The provider needs the credentials of the management account of the organization. An
    /// organization has one such administrator. A self-managed store belongs to no organization: any client that can
    /// write to it administers it.
    ///
    /// EC2 does not report which account is the administrator (only AWS Organizations does), so the state contains the
    /// last applied value. The provider does not notice a change that was made elsewhere, and an import accepts the ID
    /// without a check. Creating an administrator that already exists succeeds, and so does destroying one that no
    /// longer exists.
    pub(crate) struct AdminModel {
        /// ID of a member account, twelve digits in quotes. The management account itself is not allowed. A change
        /// replaces the resource.
        delegated_admin_account_id: AccountId => required().replace(),
        /// ID of the account, the same as `delegated_admin_account_id`.
        id: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl NounModel for AdminModel {
    type Noun = AdminNoun;

    fn fill(&mut self, record: &AdminRecord) {
        self.delegated_admin_account_id = record.account_id.clone().into();
        self.id = record.account_id.to_string().into();
    }

    fields!();

    fn attribute_for(&self, _error: &Error) -> Path {
        at!(Self, delegated_admin_account_id)
    }
}

impl AssignedModel for AdminModel {
    fn spec(&self) -> Option<AdminSpec> {
        Some(AdminSpec { account_id: self.delegated_admin_account_id.cloned()? })
    }
}
