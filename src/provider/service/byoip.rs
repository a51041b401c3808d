//! `ipam_byoip_cidr`: a public range of one's own, and whether AWS advertises it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backend::service::{Asn, ByoipCidrNoun, ByoipCidrRecord, ByoipCidrSpec};
use crate::ipam::{Cidr, Error, Family, Kind};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model};

use super::super::resources::Timeouts;
use super::super::resources::proof::{AuthorizationContext, CidrProof, PROOF_TIMEOUT, VerificationMethod};
use super::ServiceModel;
use super::data::ServiceData;

model! {
    /// A public range of your own that AWS uses and advertises (BYOIP): in an IPAM pool, or outside of IPAM.
    ///
    /// A range that comes to AWS needs a proof: a signed message, or in IPAM a token in DNS. Space that the pool takes
    /// out of its source pool needs none. AWS usually needs two hours to provision, and up to a week for ranges that are to
    /// be advertised: creating, changing and deleting may take 3 hours each when `timeouts` say nothing. When that is
    /// over AWS goes on; import the range and apply again.
    ///
    /// A range outside of IPAM moves into a pool without a break when `ipam_pool_id` is added (IPv4 only; the pool's
    /// locale is the Region that the range is in).
    pub(crate) struct ByoipCidrModel {
        /// The range. IPv4 up to /24, IPv6 up to /48, or /60 when it is not to be advertised.
        cidr: Cidr => required().replace(),
        /// IPAM pool to provision it into; outside of IPAM when not set. Adding it moves an IPv4 range in place, any other
        /// change replaces. To be advertised the pool needs a locale.
        ipam_pool_id: String => optional(),
        /// Account of the pool, for a range that moves into a pool that is shared; AWS is asked when not set.
        ipam_pool_owner: String => optional(),
        /// The signed message that proves that the range is yours. Only looked at when the range is provisioned: another
        /// one changes nothing but the state.
        cidr_authorization_context: AuthorizationContext => optional(),
        /// How the proof is verified: `remarks-x509` (a signed message) or `dns-token` (a token in DNS, with
        /// `ipam_pool_id` only). Told from the proof that is given when not set.
        verification_method: VerificationMethod => optional(),
        /// The `ipam_external_resource_verification_token` whose records in DNS prove that the range is yours. Only
        /// looked at when the range is provisioned.
        ipam_external_resource_verification_token_id: String => optional(),
        /// Free text, of a range outside of IPAM. Replaces.
        description: String => optional(),
        /// Whether an IPv6 range outside of IPAM may be advertised; AWS says yes when not set. Replaces.
        publicly_advertisable: bool => optional(),
        /// Where a range outside of IPAM is advertised; in the whole Region when not set. Replaces.
        network_border_group: String => optional().computed(),
        /// Whether AWS advertises the range to the internet. Changes in place. AWS takes one such call every ten seconds.
        advertise: bool => default(false),
        /// AS number to advertise it with, which an `ipam_byoasn_association` lets it have; Amazon's when not set. Changes
        /// in place; to a number of your own once an hour. AWS does not tell which one is in use.
        asn: Asn => optional(),
        /// The range, and for one in a pool an underscore and the id of the pool.
        id: String => computed(),
        /// Region that the range is in: the locale of its pool, or the home Region.
        region: String => computed(),
        /// AWS's word for how far it is: `provisioned`, `advertised`, ...
        state: String => computed(),
        /// `regional` or `global`.
        advertisement_type: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ByoipCidrModel {
    const fn proof(&self) -> CidrProof<'_> {
        CidrProof {
            context: &self.cidr_authorization_context,
            method: &self.verification_method,
            token: &self.ipam_external_resource_verification_token_id,
        }
    }

    /// What fits only outside of IPAM, or only in it.
    fn contradictions(&self) -> Option<Diagnostic> {
        let error = |summary: &str, why: &str, at| Some(Diagnostic::error(summary, why).at(at));
        if self.ipam_pool_id.is_null() {
            if !self.ipam_external_resource_verification_token_id.is_null()
                || self.verification_method == Tf::Known(VerificationMethod::DnsToken)
            {
                let why = "Outside of IPAM, AWS verifies only signed messages. Set `ipam_pool_id`, or use \
                           `cidr_authorization_context` as the proof.";
                return error("A token is for IPAM pools", why, self.proof().place());
            }
            if !self.ipam_pool_owner.is_null() {
                let why = "`ipam_pool_owner` is the account of the pool in `ipam_pool_id`, which is not set.";
                return error("An owner without a pool", why, at!(Self, ipam_pool_owner));
            }
            return None;
        }
        let outside = [
            (self.description.is_known(), at!(Self, description)),
            (self.publicly_advertisable.is_known(), at!(Self, publicly_advertisable)),
            (self.network_border_group.is_known(), at!(Self, network_border_group)),
        ];
        let is_inside = self.ipam_pool_id.is_known();
        let (_, at) = outside.into_iter().find(|(is_set, _)| *is_set && is_inside)?;
        let why = "AWS supports this argument only for ranges outside of IPAM. In IPAM, the pool decides. Leave out \
                   this argument or `ipam_pool_id`.";
        error("Not for a range in a pool", why, at)
    }

    fn wrong_size(&self) -> Option<Diagnostic> {
        let cidr = self.cidr.get()?;
        let advertised = self.advertise == Tf::Known(true) || self.publicly_advertisable == Tf::Known(true);
        let longest = match cidr.family() {
            Family::Ipv4 => 24,
            Family::Ipv6 if advertised => 48,
            Family::Ipv6 => 60,
        };
        // Below a pool that has proven it, smaller ones are nobody's business.
        let is_proven = !self.ipam_pool_id.is_null() && self.proof().is_absent() && !advertised;
        (cidr.netmask_length() > longest && !is_proven).then(|| {
            let what = if advertised { "advertise" } else { "accept" };
            let why = format!(
                "AWS does not {what} an {} range smaller than /{longest}, and {cidr} is smaller.",
                cidr.family()
            );
            Diagnostic::error("Range too small", why).at(at!(Self, cidr))
        })
    }
}

impl ServiceModel for ByoipCidrModel {
    type Noun = ByoipCidrNoun;
    const PATIENCE: Duration = PROOF_TIMEOUT;

    fn check(&self) -> Diagnostics {
        let mut diagnostics = self.proof().check(self.cidr.get());
        diagnostics.extend(self.contradictions());
        diagnostics.extend(self.wrong_size());
        if self.cidr.get().is_some_and(|cidr| cidr.family() == Family::Ipv4) && self.publicly_advertisable.is_known() {
            let why = "`publicly_advertisable` is for IPv6: an IPv4 range can always be advertised. Leave it out.";
            diagnostics.push(Diagnostic::error("For IPv6 only", why).at(at!(Self, publicly_advertisable)));
        }
        if self.advertise == Tf::Known(true) && self.publicly_advertisable == Tf::Known(false) {
            let why = "A range with `publicly_advertisable = false` cannot be advertised. Set `advertise = false`.";
            diagnostics.push(Diagnostic::error("Contradicting arguments", why).at(at!(Self, advertise)));
        }
        diagnostics
    }

    fn spec(&self) -> Option<ByoipCidrSpec> {
        let unknown = self.ipam_pool_id.is_unknown()
            || self.ipam_pool_owner.is_unknown()
            || self.description.is_unknown()
            || self.publicly_advertisable.is_unknown()
            || self.asn.is_unknown();
        (!unknown).then_some(())?;
        Some(ByoipCidrSpec {
            cidr: self.cidr.cloned()?,
            pool_id: self.ipam_pool_id.cloned(),
            pool_owner: self.ipam_pool_owner.cloned(),
            proof: self.proof().proof()?,
            description: self.description.cloned(),
            publicly_advertisable: self.publicly_advertisable.cloned(),
            // One that is not set is unknown until apply, and then AWS's to choose.
            network_border_group: self.network_border_group.cloned(),
            advertise: self.advertise.cloned()?,
            asn: self.asn.cloned(),
        })
    }

    fn fill(&mut self, record: &ByoipCidrRecord) {
        self.cidr = record.cidr.into();
        self.ipam_pool_id = record.pool_id.clone().into();
        // A description that it brought along into a pool is not the configuration's any more.
        self.description = record.description.clone().filter(|_| record.pool_id.is_none()).into();
        self.network_border_group = record.network_border_group.clone().into();
        self.advertise = record.is_advertised().into();
        self.id = record.id.clone().into();
        self.region = record.region.clone().into();
        self.state = record.state.clone().into();
        self.advertisement_type = record.advertisement_type.clone().into();
    }

    fields!();

    fn plan_change(prior: &Self, planned: &mut Self) {
        let turns = planned.advertise != prior.advertise || planned.asn != prior.asn;
        let moves = planned.ipam_pool_id != prior.ipam_pool_id;
        if turns || moves {
            planned.state = Tf::Unknown;
        }
        if moves {
            planned.id = Tf::Unknown;
            planned.region = Tf::Unknown;
            planned.advertisement_type = Tf::Unknown;
            planned.network_border_group = Tf::Unknown;
        }
    }

    fn replaces(prior: &Self, planned: &Self) -> Vec<Path> {
        let (old, new) = (&prior.ipam_pool_id, &planned.ipam_pool_id);
        let is_ipv4 = prior.cidr.get().is_some_and(|cidr| cidr.family() == Family::Ipv4);
        let moves_in = old.is_null() && !new.is_null() && is_ipv4;
        let mut replaced = Vec::new();
        if old != new && !moves_in {
            replaced.push(at!(Self, ipam_pool_id));
        }
        if new.is_null() {
            // What was not told by AWS, as after an import, is not compared.
            let said = |old: &Tf<bool>, new: &Tf<bool>| old.is_known() && new.is_known() && old != new;
            let group_changes = planned.network_border_group != prior.network_border_group;
            let changes = [
                (prior.description != planned.description, at!(Self, description)),
                (said(&prior.publicly_advertisable, &planned.publicly_advertisable), at!(Self, publicly_advertisable)),
                (group_changes && old == new, at!(Self, network_border_group)),
            ];
            replaced.extend(changes.into_iter().filter(|(changes, _)| *changes).map(|(_, at)| at));
        }
        replaced
    }

    fn place(&self, error: &Error) -> Path {
        match error {
            Error::NotFound { kind: Kind::Pool, .. } => at!(Self, ipam_pool_id),
            Error::Service(fault) => match (fault.action, fault.code.as_deref()) {
                ("AdvertiseByoipCidr", Some("NoLocale")) => at!(Self, ipam_pool_id),
                ("AdvertiseByoipCidr", _) if self.asn.is_known() => at!(Self, asn),
                ("AdvertiseByoipCidr" | "WithdrawByoipCidr", _) => at!(Self, advertise),
                (_, Some("MissingParameter")) => at!(Self, cidr_authorization_context),
                ("MoveByoipCidrToIpam", _) => at!(Self, ipam_pool_id),
                _ => at!(Self, cidr),
            },
            _ => Path::root(),
        }
    }
}

model! {
    /// A public range that the account brought.
    pub(crate) struct ByoipCidrFacts {
        /// The range, and for one in a pool an underscore and the id of the pool.
        id: String => computed(),
        /// The range.
        cidr: Cidr => computed(),
        /// Region that it can be advertised in.
        region: String => computed(),
        /// IPAM pool that it is in; null outside of IPAM.
        ipam_pool_id: String => computed(),
        /// AWS's word for how far it is: `provisioned`, `advertised`, ...
        state: String => computed(),
        /// AWS's reason for the state; null when it gives none.
        status_message: String => computed(),
        /// Free text.
        description: String => computed(),
        /// Where it is advertised.
        network_border_group: String => computed(),
        /// `regional` or `global`.
        advertisement_type: String => computed(),
        /// AS numbers that may advertise it, beside Amazon's.
        asns: BTreeSet<Asn> => computed(),
    }
}

model! {
    /// Lists the public ranges of the account's own that AWS can advertise: in the home Region and in the operating
    /// Regions of the account's IPAM, in its pools and outside of it.
    pub(crate) struct ByoipCidrsModel {
        /// The ranges, by Region and address.
        byoip_cidrs: Vec<ByoipCidrFacts> => computed(),
    }
}

impl ServiceData for ByoipCidrsModel {
    type Noun = ByoipCidrNoun;
    const TYPE: &'static str = "ipam_byoip_cidrs";

    fn answer(self, mut all: Vec<ByoipCidrRecord>) -> Result<Self, Diagnostics> {
        all.sort_by(|a, b| {
            (&a.region, a.cidr.family(), a.cidr.first()).cmp(&(&b.region, b.cidr.family(), b.cidr.first()))
        });
        let facts = |record: ByoipCidrRecord| ByoipCidrFacts {
            id: record.id.into(),
            cidr: record.cidr.into(),
            region: record.region.into(),
            ipam_pool_id: record.pool_id.into(),
            state: record.state.into(),
            status_message: record.status_message.into(),
            description: record.description.into(),
            network_border_group: record.network_border_group.into(),
            advertisement_type: record.advertisement_type.into(),
            asns: record.asns.into(),
        };
        Ok(Self { byoip_cidrs: all.into_iter().map(facts).collect::<Vec<_>>().into() })
    }
}
