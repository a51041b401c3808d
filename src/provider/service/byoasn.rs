//! `ipam_byoasn` and `ipam_byoasn_association`: AS numbers that the account brings to AWS.

use std::time::Duration;

use crate::backend::service::{
    Asn, ByoasnAssociationNoun, ByoasnAssociationRecord, ByoasnAssociationSpec, ByoasnNoun, ByoasnRecord, ByoasnSpec,
};
use crate::ipam::Cidr;
use crate::tf::{Diagnostics, Tf};
use crate::{model, text_attr};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields};
use super::super::resources::proof::AuthorizationContext;
use super::data::ServiceData;

text_attr!(Asn);

model! {
    /// Brings your own AS number to AWS (BYOASN; only with the store `aws-ipam`). AWS can advertise your own ranges
    /// with it. The internet registry must show a certificate and a ROA for the number. AWS usually needs some minutes;
    /// the defaults of `timeouts` are 30 minutes. A self-managed store advertises nothing, and has no AS numbers.
    /// Changes are made in place, except where an argument says that a change replaces the AS number.
    pub(crate) struct ByoasnModel {
        /// ID of the IPAM to which the AS number is brought. A change replaces the AS number.
        ipam_id: String => required().replace(),
        /// AS number, such as `64496` or `AS64496`. A change replaces the AS number.
        asn: Asn => required().replace(),
        /// Signed message that proves that you own the AS number. AWS reads it only when the number is provisioned: a
        /// later change affects only the state.
        asn_authorization_context: AuthorizationContext => required(),
        /// AS number and ID of the IPAM, joined by an underscore.
        id: String => computed(),
        /// State of the AS number, as AWS reports it: `provisioned` when it can be used.
        state: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl NounModel for ByoasnModel {
    type Noun = ByoasnNoun;

    fn check(&self) -> Diagnostics {
        let Tf::Known(context) = &self.asn_authorization_context else { return Diagnostics::new() };
        context.check("asn_authorization_context", |what| match (what.parse::<Asn>(), self.asn.get()) {
            (Ok(signed), Some(asn)) if signed != *asn => {
                Some(format!("It is signed for AS {signed}, and the number here is {asn}."))
            }
            (Err(why), _) => Some(why),
            _ => None,
        })
    }

    fn fill(&mut self, record: &ByoasnRecord) {
        self.ipam_id = record.ipam_id.clone().into();
        self.asn = record.asn.into();
        self.id = record.id.clone().into();
        self.state = record.state.clone().into();
    }

    fields!();

    /// No configuration that Terraform prints has the signature, and the message is an error without it.
    fn leave_out_what_follows(&mut self) {
        self.asn_authorization_context = Tf::Null;
    }
}

impl AssignedModel for ByoasnModel {
    const PATIENCE: Duration = Duration::from_mins(30);

    fn spec(&self) -> Option<ByoasnSpec> {
        let proof = match &self.asn_authorization_context {
            Tf::Unknown => return None,
            Tf::Null => None,
            Tf::Known(context) => context.proof()?,
        };
        Some(ByoasnSpec { ipam_id: self.ipam_id.cloned()?, asn: self.asn.cloned()?, proof })
    }
}

model! {
    /// Allows AWS to advertise your own range (`ipam_byoip_cidr`) with your own AS number (`ipam_byoasn`; only with the
    /// store `aws-ipam`). A range may have several numbers: the argument `asn` of `ipam_byoip_cidr` selects one of
    /// them. The defaults of `timeouts` are 30 minutes. A self-managed store advertises nothing, and has no such
    /// associations.
    pub(crate) struct ByoasnAssociationModel {
        /// AS number. A change replaces the association.
        asn: Asn => required().replace(),
        /// CIDR of the range. A change replaces the association.
        cidr: Cidr => required().replace(),
        /// Region of the range, which is the locale of its pool. Default: the home Region. A change replaces the
        /// association.
        region: String => optional().computed().replace(),
        /// AS number, CIDR and Region, joined by underscores.
        id: String => computed(),
        /// State of the association, as AWS reports it: `associated` when it can be used.
        state: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl NounModel for ByoasnAssociationModel {
    type Noun = ByoasnAssociationNoun;

    fn fill(&mut self, record: &ByoasnAssociationRecord) {
        self.asn = record.asn.into();
        self.cidr = record.cidr.into();
        self.region = record.region.clone().into();
        self.id = record.id.clone().into();
        self.state = record.state.clone().into();
    }

    fields!();
}

impl AssignedModel for ByoasnAssociationModel {
    const PATIENCE: Duration = Duration::from_mins(30);

    fn spec(&self) -> Option<ByoasnAssociationSpec> {
        // A Region that is not set is unknown until apply.
        Some(ByoasnAssociationSpec { asn: self.asn.cloned()?, cidr: self.cidr.cloned()?, region: self.region.cloned() })
    }
}

model! {
    /// The attributes of an AS number that the account brought to AWS.
    pub(crate) struct ByoasnFacts {
        /// AS number and ID of the IPAM, joined by an underscore.
        id: String => computed(),
        /// AS number.
        asn: Asn => computed(),
        /// ID of the IPAM that has the AS number.
        ipam_id: String => computed(),
        /// State of the AS number, as AWS reports it.
        state: String => computed(),
        /// Reason for the state, as AWS reports it; null if AWS gives none.
        status_message: String => computed(),
    }
}

model! {
    /// Lists the AS numbers that the account brought to AWS (only with the store `aws-ipam`). A self-managed store has
    /// no AS numbers.
    pub(crate) struct ByoasnsModel {
        /// List of the AS numbers, in ascending order.
        byoasns: Vec<ByoasnFacts> => computed(),
    }
}

impl ServiceData for ByoasnsModel {
    type Noun = ByoasnNoun;
    const TYPE: &'static str = "ipam_byoasns";

    fn fill(self, mut all: Vec<ByoasnRecord>) -> Result<Self, Diagnostics> {
        all.sort_by_key(|record| record.asn);
        let facts = |record: ByoasnRecord| ByoasnFacts {
            id: record.id.into(),
            asn: record.asn.into(),
            ipam_id: record.ipam_id.into(),
            state: record.state.into(),
            status_message: record.status_message.into(),
        };
        Ok(Self { byoasns: all.into_iter().map(facts).collect::<Vec<_>>().into() })
    }
}
