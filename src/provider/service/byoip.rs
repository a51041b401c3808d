//! `ipam_byoip_cidr`: a public range that the account brings to AWS, and whether AWS advertises it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backend::service::{Asn, ByoipCidrNoun, ByoipCidrRecord, ByoipCidrSpec};
use crate::ipam::{Cidr, Error, Family, Kind};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields};
use super::super::resources::proof::{AuthorizationContext, CidrProof, PROOF_TIMEOUT, VerificationMethod};
use super::data::ServiceData;

model! {
    /// Brings your own public range to AWS, which can advertise it (BYOIP; only with the store `aws-ipam`). The range
    /// is provisioned into an IPAM pool, or outside of IPAM. On a self-managed store, use `ipam_pool_cidr`, or `cidrs`
    /// of a pool in a public scope: such a store needs no proof, and advertises nothing. Changes are made in place,
    /// except where an argument says that a change replaces the range.
    ///
    /// AWS requires a proof that you own the range: a signed message, or in IPAM also a token in DNS. A range that a
    /// pool takes from its source pool needs no proof. AWS usually needs two hours to provision a range, and up to a
    /// week if it will be advertised. The defaults of `timeouts` are 3 hours. AWS continues after such a timeout:
    /// import the range later, and apply again.
    ///
    /// When you add `ipam_pool_id` to an IPv4 range outside of IPAM, the range moves into the pool without
    /// interruption. The locale of the pool must be the Region of the range.
    pub(crate) struct ByoipCidrModel {
        /// CIDR of the range: IPv4 up to /24, IPv6 up to /48, or up to /60 if the range is not advertised. A change
        /// replaces the range.
        cidr: Cidr => required().replace(),
        /// ID of the IPAM pool into which the range is provisioned. If it is not set, the range is outside of IPAM. AWS
        /// advertises the range only if the pool has a locale. Adding the argument moves an IPv4 range in place; any
        /// other change replaces the range.
        ipam_pool_id: String => optional(),
        /// ID of the AWS account that owns the pool, for a range that moves into a shared pool. Default: the owner that
        /// AWS reports for the pool. Requires `ipam_pool_id`. It is used only when the range moves into the pool.
        ipam_pool_owner: String => optional(),
        /// Signed message that proves that you own the range. AWS reads it only when the range is provisioned: a later
        /// change affects only the state.
        cidr_authorization_context: AuthorizationContext => optional(),
        /// Method by which AWS verifies the proof: `remarks-x509` (a signed message) or `dns-token` (a token in DNS,
        /// only with `ipam_pool_id`). Default: the method of the given proof. AWS reads it only when the range is
        /// provisioned: a later change affects only the state.
        verification_method: VerificationMethod => optional(),
        /// ID of the `ipam_external_resource_verification_token` whose DNS records prove that you own the range. Only
        /// with `ipam_pool_id`. AWS reads it only when the range is provisioned: a later change affects only the state.
        ipam_external_resource_verification_token_id: String => optional(),
        /// Description of a range outside of IPAM. Not available with `ipam_pool_id`. A change replaces the range.
        description: String => optional(),
        /// Whether an IPv6 range outside of IPAM can be advertised. Default: `true`, which AWS sets. Not available with
        /// `ipam_pool_id`, or for IPv4. A change replaces the range.
        publicly_advertisable: bool => optional(),
        /// Network border group in which a range outside of IPAM is advertised. Default: the whole Region. Not
        /// available with `ipam_pool_id`. A change replaces the range.
        network_border_group: String => optional().computed(),
        /// Whether AWS advertises the range to the internet. Default: `false`. AWS accepts one request to advertise or
        /// withdraw every ten seconds.
        advertise: bool => default(false),
        /// AS number with which AWS advertises the range. An `ipam_byoasn_association` must allow it. Default: the AS
        /// number of Amazon. AWS accepts a change to your own number once an hour, and does not report which number is
        /// in use.
        asn: Asn => optional(),
        /// CIDR of the range. For a range in a pool, an underscore and the ID of the pool follow.
        id: String => computed(),
        /// Region of the range: the locale of its pool, or the home Region.
        region: String => computed(),
        /// State of the range, as AWS reports it, such as `provisioned` or `advertised`.
        state: String => computed(),
        /// Type of the advertisement: `regional` or `global`.
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

    /// Refuses arguments that are valid only outside of IPAM, or only in it.
    fn contradictions(&self) -> Option<Diagnostic> {
        let error = |summary: &str, why: &str, at| Some(Diagnostic::error(summary, why).at(at));
        if self.ipam_pool_id.is_null() {
            if !self.ipam_external_resource_verification_token_id.is_null()
                || self.verification_method == Tf::Known(VerificationMethod::DnsToken)
            {
                let why = "Outside of IPAM, AWS verifies only signed messages. Set `ipam_pool_id`, or use \
                           `cidr_authorization_context` as the proof.";
                return error("A token is for IPAM pools", why, self.proof().attribute());
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
        // AWS does not limit the size of a range below a pool that has proven its space.
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

impl NounModel for ByoipCidrModel {
    type Noun = ByoipCidrNoun;

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

    fn fill(&mut self, record: &ByoipCidrRecord) {
        self.cidr = record.cidr.into();
        self.ipam_pool_id = record.pool_id.clone().into();
        // A description that the range had before it moved into a pool is no longer part of the configuration.
        self.description = record.description.clone().filter(|_| record.pool_id.is_none()).into();
        self.network_border_group = record.network_border_group.clone().into();
        self.advertise = record.is_advertised().into();
        self.id = record.id.clone().into();
        self.region = record.region.clone().into();
        self.state = record.state.clone().into();
        self.advertisement_type = record.advertisement_type.clone().into();
    }

    fields!();

    /// In a pool, the pool decides the network border group, and the argument is an error. No configuration that Terraform
    /// prints has the signature, and the message is an error without it.
    fn leave_out_what_follows(&mut self) {
        self.cidr_authorization_context = Tf::Null;
        if self.ipam_pool_id.is_known() {
            self.network_border_group = Tf::Null;
        }
    }

    fn attribute_for(&self, error: &Error) -> Path {
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

impl AssignedModel for ByoipCidrModel {
    const PATIENCE: Duration = PROOF_TIMEOUT;

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
            // A network border group that is not set is unknown until apply, and AWS chooses it.
            network_border_group: self.network_border_group.cloned(),
            advertise: self.advertise.cloned()?,
            asn: self.asn.cloned(),
        })
    }

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
            // A value that AWS did not report, as after an import, is not compared.
            let differs = |old: &Tf<bool>, new: &Tf<bool>| old.is_known() && new.is_known() && old != new;
            let group_changes = planned.network_border_group != prior.network_border_group;
            let changes = [
                (prior.description != planned.description, at!(Self, description)),
                (
                    differs(&prior.publicly_advertisable, &planned.publicly_advertisable),
                    at!(Self, publicly_advertisable),
                ),
                (group_changes && old == new, at!(Self, network_border_group)),
            ];
            replaced.extend(changes.into_iter().filter(|(changes, _)| *changes).map(|(_, at)| at));
        }
        replaced
    }
}

model! {
    /// The attributes of a public range that the account brought to AWS.
    pub(crate) struct ByoipCidrFacts {
        /// CIDR of the range. For a range in a pool, an underscore and the ID of the pool follow.
        id: String => computed(),
        /// CIDR of the range.
        cidr: Cidr => computed(),
        /// Region in which the range can be advertised.
        region: String => computed(),
        /// ID of the IPAM pool that contains the range; null outside of IPAM.
        ipam_pool_id: String => computed(),
        /// State of the range, as AWS reports it, such as `provisioned` or `advertised`.
        state: String => computed(),
        /// Reason for the state, as AWS reports it; null if AWS gives none.
        status_message: String => computed(),
        /// Description of the range.
        description: String => computed(),
        /// Network border group in which the range is advertised.
        network_border_group: String => computed(),
        /// Type of the advertisement: `regional` or `global`.
        advertisement_type: String => computed(),
        /// Set of AS numbers with which the range may be advertised, in addition to the AS number of Amazon.
        asns: BTreeSet<Asn> => computed(),
    }
}

model! {
    /// Lists the public ranges that the account brought to AWS (only with the store `aws-ipam`). The list covers the
    /// home Region and the operating Regions of the IPAMs of the account, and contains ranges in IPAM pools and outside
    /// of IPAM. A self-managed store has no such ranges.
    pub(crate) struct ByoipCidrsModel {
        /// List of the ranges, sorted by Region and address.
        byoip_cidrs: Vec<ByoipCidrFacts> => computed(),
    }
}

impl ServiceData for ByoipCidrsModel {
    type Noun = ByoipCidrNoun;
    const TYPE: &'static str = "ipam_byoip_cidrs";

    fn fill(self, mut all: Vec<ByoipCidrRecord>) -> Result<Self, Diagnostics> {
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
