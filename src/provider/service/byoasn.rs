//! `ipam_byoasn` and `ipam_byoasn_association`: AS numbers of one's own.

use std::time::Duration;

use crate::backend::service::{
    Asn, ByoasnAssociationNoun, ByoasnAssociationRecord, ByoasnAssociationSpec, ByoasnNoun, ByoasnRecord, ByoasnSpec,
};
use crate::ipam::{Cidr, Proof};
use crate::tf::{Diagnostics, Tf};
use crate::{model, text_attr};

use super::super::resources::Timeouts;
use super::super::resources::proof::AuthorizationContext;
use super::ServiceModel;
use super::data::ServiceData;

text_attr!(Asn);

model! {
    /// An AS number of your own, brought to AWS (BYOASN), with which AWS can advertise ranges of your own. The registry
    /// must show a certificate and a ROA for it. AWS usually needs minutes; creating may take 30 when `timeouts` say
    /// nothing.
    pub(crate) struct ByoasnModel {
        /// IPAM to bring it to.
        ipam_id: String => required().replace(),
        /// The number, such as `64496` or `AS64496`.
        asn: Asn => required().replace(),
        /// The signed message that proves that the number is yours. Only looked at when it is provisioned: another one
        /// changes nothing but the state.
        asn_authorization_context: AuthorizationContext => required(),
        /// The number, an underscore, the id of the IPAM.
        id: String => computed(),
        /// AWS's word for how far it is: `provisioned` once it can be used.
        state: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ServiceModel for ByoasnModel {
    type Noun = ByoasnNoun;
    const PATIENCE: Duration = Duration::from_mins(30);

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

    fn spec(&self) -> Option<ByoasnSpec> {
        let proof = match &self.asn_authorization_context {
            Tf::Unknown => return None,
            Tf::Null => None,
            Tf::Known(context) => {
                let (message, signature) = (context.message.cloned()?, context.signature.get()?.reveal());
                Some(Proof::Certificate { message, signature })
            }
        };
        Some(ByoasnSpec { ipam_id: self.ipam_id.cloned()?, asn: self.asn.cloned()?, proof })
    }

    fn fill(&mut self, record: &ByoasnRecord) {
        self.ipam_id = record.ipam_id.clone().into();
        self.asn = record.asn.into();
        self.id = record.id.clone().into();
        self.state = record.state.clone().into();
    }

    fields!();
}

model! {
    /// Lets a range of your own (`ipam_byoip_cidr`) be advertised with an AS number of your own (`ipam_byoasn`). A range may
    /// have several; which one counts is said by `asn` of `ipam_byoip_cidr`.
    pub(crate) struct ByoasnAssociationModel {
        /// The number.
        asn: Asn => required().replace(),
        /// The range.
        cidr: Cidr => required().replace(),
        /// Region that the range is in, which is the locale of its pool; the home Region when not set.
        region: String => optional().computed().replace(),
        /// The number, the range and the Region, with underscores between them.
        id: String => computed(),
        /// AWS's word for how far it is: `associated` once it can be used.
        state: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ServiceModel for ByoasnAssociationModel {
    type Noun = ByoasnAssociationNoun;
    const PATIENCE: Duration = Duration::from_mins(30);

    fn spec(&self) -> Option<ByoasnAssociationSpec> {
        // A Region that is not set is unknown until apply.
        Some(ByoasnAssociationSpec { asn: self.asn.cloned()?, cidr: self.cidr.cloned()?, region: self.region.cloned() })
    }

    fn fill(&mut self, record: &ByoasnAssociationRecord) {
        self.asn = record.asn.into();
        self.cidr = record.cidr.into();
        self.region = record.region.clone().into();
        self.id = record.id.clone().into();
        self.state = record.state.clone().into();
    }

    fields!();
}

model! {
    /// An AS number that the account brought.
    pub(crate) struct ByoasnFacts {
        /// The number, an underscore, the id of the IPAM.
        id: String => computed(),
        /// The number.
        asn: Asn => computed(),
        /// IPAM that it is in.
        ipam_id: String => computed(),
        /// AWS's word for how far it is.
        state: String => computed(),
        /// AWS's reason for the state; null when it gives none.
        status_message: String => computed(),
    }
}

model! {
    /// Lists the AS numbers that the account brought to AWS.
    pub(crate) struct ByoasnsModel {
        /// The numbers, in order.
        byoasns: Vec<ByoasnFacts> => computed(),
    }
}

impl ServiceData for ByoasnsModel {
    type Noun = ByoasnNoun;
    const TYPE: &'static str = "ipam_byoasns";

    fn answer(self, mut all: Vec<ByoasnRecord>) -> Result<Self, Diagnostics> {
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
