//! AS numbers that the account brings to AWS, and their associations with ranges.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::backend::service::{
    Asn, ByoasnAssociationNoun, ByoasnAssociationRecord, ByoasnAssociationSpec, ByoasnNoun, ByoasnRecord, ByoasnSpec,
    Keeps,
};
use crate::ipam::{Cidr, Proof, Result};

use super::super::AwsIpam;
use super::super::convert::{composite, need, parts};
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{Progress, Stage, What, unfinished, until};

pub(super) fn asn(text: Option<&str>) -> Result<Asn> {
    let text = need(text, "AS number")?;
    Ok(text.parse().map_err(|why: String| fault("Describe", "UnexpectedAnswer", why))?)
}

fn record(found: &ec2::Byoasn) -> Result<ByoasnRecord> {
    let (asn, ipam_id) = (asn(found.asn())?, need(found.ipam_id(), "IPAM id")?);
    Ok(ByoasnRecord {
        id: composite(&asn.to_string(), ipam_id),
        asn,
        ipam_id: ipam_id.to_owned(),
        state: found.state().map_or("provisioned", |state| state.as_str()).to_owned(),
        status_message: found.status_message().map(str::to_owned),
    })
}

fn stage(found: &ec2::Byoasn) -> Stage {
    Stage::of_brought(found.state().map(ec2::AsnState::as_str), found.status_message())
}

/// Whether the number counts as present. AWS lists deprovisioned numbers for seven days, and these do not count.
fn is_there(found: &ec2::Byoasn) -> bool {
    matches!(
        found.state(),
        Some(ec2::AsnState::Provisioned | ec2::AsnState::PendingProvision | ec2::AsnState::FailedDeprovision)
    )
}

impl AwsIpam {
    /// All numbers. The SDK has no paginator for this request.
    async fn raw_byoasns(&self) -> Result<Vec<ec2::Byoasn>, Refusal> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let request = self.clients.home().describe_ipam_byoasn().set_next_token(next);
            let page = ask("DescribeIpamByoasn", request.send()).await?;
            all.extend(page.byoasns.unwrap_or_default());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// The number. If AWS lists several entries, the one that counts as present is returned, or else the last one.
    async fn raw_byoasn(&self, asn: &str, ipam_id: Option<&str>) -> Result<Option<ec2::Byoasn>, Refusal> {
        let mut found = self.raw_byoasns().await?;
        found.retain(|one| one.asn() == Some(asn) && (ipam_id.is_none() || one.ipam_id() == ipam_id));
        let there = found.iter().position(is_there);
        Ok(match there {
            Some(position) => Some(found.remove(position)),
            None => found.pop(),
        })
    }

    async fn begin_byoasn(&self, spec: &ByoasnSpec) -> Result<String, Refusal> {
        let action = "ProvisionIpamByoasn";
        let text = spec.asn.to_string();
        let id = composite(&text, &spec.ipam_id);
        if self.raw_byoasn(&text, None).await?.as_ref().is_some_and(is_there) {
            let words = format!("{text} already exists. Import it by {id:?}.");
            return Err(fault(action, "AlreadyExists", words));
        }
        let Some(Proof::Certificate { message, signature }) = &spec.proof else {
            return Err(fault(action, "MissingParameter", "an AS number needs its signed message"));
        };
        let context = ec2::AsnAuthorizationContext::builder().message(message).signature(signature).build();
        let request = self
            .clients
            .home()
            .provision_ipam_byoasn()
            .ipam_id(&spec.ipam_id)
            .asn(&text)
            .asn_authorization_context(context);
        match ask(action, request.send()).await {
            Ok(_) => Ok(id),
            // The call has no client token, and may have been carried out although its answer was lost.
            Err(refusal) => match self.raw_byoasn(&text, Some(&spec.ipam_id)).await {
                Ok(Some(found)) if is_there(&found) => Ok(id),
                _ => Err(refusal),
            },
        }
    }

    async fn usable_byoasn(&self, id: &str) -> Result<ByoasnRecord> {
        let (asn, ipam_id) = parts(id);
        until(&self.pace, unfinished(What::of::<ByoasnNoun>(), id, asn), || async move {
            let Some(found) = self.raw_byoasn(asn, ipam_id).await? else {
                return Ok(Progress::Wait("it is not listed yet".to_owned()));
            };
            match stage(&found) {
                Stage::Usable => Ok(Progress::Ready(record(&found)?)),
                Stage::Moving => Ok(Progress::Wait(record(&found)?.state)),
                Stage::Failed(why) => {
                    Err(fault("ProvisionIpamByoasn", "failed-provision", format!("{asn}: {why}")).into())
                }
                Stage::Gone => Ok(Progress::Wait("its last entry is still the old one".to_owned())),
            }
        })
        .await
    }

    async fn drop_byoasn(&self, id: &str) -> Result<()> {
        let (asn, ipam_id) = parts(id);
        let action = "DeprovisionIpamByoasn";
        let found = self.raw_byoasn(asn, ipam_id).await?;
        if let Some(found) = found.filter(is_there) {
            let ipam_id = need(found.ipam_id(), "IPAM id")?;
            let request = self.clients.home().deprovision_ipam_byoasn().ipam_id(ipam_id).asn(asn);
            ask(action, request.send()).await?;
        }
        until(&self.pace, unfinished(What::of::<ByoasnNoun>(), id, asn), || async move {
            let found = self.raw_byoasn(asn, ipam_id).await?;
            match found.as_ref().map(|found| (found.state(), stage(found))) {
                None | Some((Some(ec2::AsnState::FailedProvision), _) | (_, Stage::Gone)) => Ok(Progress::Ready(())),
                Some((_, Stage::Failed(why))) => Err(fault(action, "failed-deprovision", why).into()),
                Some((state, _)) => Ok(Progress::Wait(state.map_or("", |state| state.as_str()).to_owned())),
            }
        })
        .await
    }
}

impl Keeps<ByoasnNoun> for AwsIpam {
    fn create(&self, spec: &ByoasnSpec) -> Result<ByoasnRecord> {
        let name = spec.asn.to_string();
        let begin = |_token| self.begin_byoasn(spec);
        let finish = |id: String| async move { self.usable_byoasn(&id).await };
        self.run(self.make::<ByoasnNoun, _, _>(&spec.ipam_id, &name, begin, finish))
    }

    fn get(&self, id: &str) -> Result<Option<ByoasnRecord>> {
        self.run(async {
            let (asn, ipam_id) = parts(id);
            self.raw_byoasn(asn, ipam_id).await?.filter(is_there).as_ref().map(record).transpose()
        })
    }

    fn list(&self) -> Result<Vec<ByoasnRecord>> {
        self.run(async { self.raw_byoasns().await?.iter().filter(|found| is_there(found)).map(record).collect() })
    }

    /// No argument can change in place. Another proof is used the next time that the number is provisioned.
    fn update(&self, id: &str, _before: &ByoasnSpec, _after: &ByoasnSpec) -> Result<ByoasnRecord> {
        self.run(self.usable_byoasn(id))
    }

    fn delete(&self, id: &str, _spec: &ByoasnSpec) -> Result<()> {
        self.run(self.drop_byoasn(id))
    }
}

/// The parts of the ID of an association.
struct Parts {
    asn: Asn,
    cidr: Cidr,
    region: Option<String>,
}

impl Parts {
    /// The ID is `<asn>_<cidr>`, or has the Region after that.
    fn of(id: &str) -> Result<Self, Refusal> {
        let mut parts = id.splitn(3, '_');
        let asn = parts.next().and_then(|asn| asn.parse().ok());
        let cidr = parts.next().and_then(|cidr| cidr.parse().ok());
        let (Some(asn), Some(cidr)) = (asn, cidr) else {
            let words = format!("{id:?} is not <AS number>_<CIDR> or <AS number>_<CIDR>_<Region>");
            return Err(fault("DescribeByoipCidrs", "MalformedId", words));
        };
        Ok(Self { asn, cidr, region: parts.next().map(str::to_owned) })
    }
}

impl AwsIpam {
    fn region_of(&self, region: Option<&String>) -> (String, Client) {
        let region = region.cloned().unwrap_or_else(|| self.clients.home_region().to_owned());
        let client = self.clients.in_region(&region);
        (region, client)
    }

    async fn association(&self, parts: &Parts) -> Result<Option<(ec2::AsnAssociation, String)>, Refusal> {
        let (region, client) = self.region_of(parts.region.as_ref());
        let Some(range) = self.raw_byoip(&client, &parts.cidr).await? else { return Ok(None) };
        let asn = parts.asn.to_string();
        let is_it = |found: &ec2::AsnAssociation| found.asn() == Some(&asn);
        Ok(range.asn_associations.into_iter().flatten().find(is_it).map(|found| (found, region)))
    }

    async fn begin_asn_association(&self, parts: &Parts, id: &str) -> Result<String, Refusal> {
        let action = "AssociateIpamByoasn";
        let is_there = |found: Option<(ec2::AsnAssociation, String)>| {
            found.is_some_and(|(found, _)| !matches!(association_stage(&found), Stage::Gone | Stage::Failed(_)))
        };
        if is_there(self.association(parts).await?) {
            return Err(fault(action, "AlreadyExists", format!("{id} already exists. Import it by this id.")));
        }
        let (_, client) = self.region_of(parts.region.as_ref());
        let request = client.associate_ipam_byoasn().asn(parts.asn.to_string()).cidr(parts.cidr.to_string());
        match ask(action, request.send()).await {
            Ok(_) => Ok(id.to_owned()),
            // As for the number itself, the call may have been carried out.
            Err(refusal) => match self.association(parts).await {
                Ok(found) if is_there(found.clone()) => Ok(id.to_owned()),
                _ => Err(refusal),
            },
        }
    }

    async fn usable_asn_association(&self, parts: &Parts, id: &str) -> Result<ByoasnAssociationRecord> {
        until(&self.pace, unfinished(What::of::<ByoasnAssociationNoun>(), id, id), || async move {
            let Some((found, region)) = self.association(parts).await? else {
                return Ok(Progress::Wait("it is not listed yet".to_owned()));
            };
            match association_stage(&found) {
                Stage::Usable => Ok(Progress::Ready(association_record(&found, parts, &region))),
                Stage::Moving => Ok(Progress::Wait(association_record(&found, parts, &region).state)),
                Stage::Failed(why) => Err(fault("AssociateIpamByoasn", "failed-association", why).into()),
                Stage::Gone => Ok(Progress::Wait("its last entry is still the old one".to_owned())),
            }
        })
        .await
    }

    async fn drop_asn_association(&self, id: &str) -> Result<()> {
        let parts = &Parts::of(id)?;
        let action = "DisassociateIpamByoasn";
        let found = self.association(parts).await?;
        if found.is_some_and(|(found, _)| matches!(association_stage(&found), Stage::Usable)) {
            let (_, client) = self.region_of(parts.region.as_ref());
            let request = client.disassociate_ipam_byoasn().asn(parts.asn.to_string()).cidr(parts.cidr.to_string());
            ask(action, request.send()).await?;
        }
        until(&self.pace, unfinished(What::of::<ByoasnAssociationNoun>(), id, id), || async move {
            use ec2::AsnAssociationState as State;
            match self.association(parts).await? {
                None => Ok(Progress::Ready(())),
                Some((found, _)) => match (found.state(), association_stage(&found)) {
                    (Some(State::FailedAssociation), _) | (_, Stage::Gone) => Ok(Progress::Ready(())),
                    (_, Stage::Failed(why)) => Err(fault(action, "failed-disassociation", why).into()),
                    (state, _) => Ok(Progress::Wait(state.map_or("", |state| state.as_str()).to_owned())),
                },
            }
        })
        .await
    }
}

fn association_stage(found: &ec2::AsnAssociation) -> Stage {
    Stage::of_brought(found.state().map(ec2::AsnAssociationState::as_str), found.status_message())
}

fn association_record(found: &ec2::AsnAssociation, parts: &Parts, region: &str) -> ByoasnAssociationRecord {
    ByoasnAssociationRecord {
        id: format!("{}_{}_{region}", parts.asn, parts.cidr),
        asn: parts.asn,
        cidr: parts.cidr,
        region: region.to_owned(),
        state: found.state().map_or("associated", |state| state.as_str()).to_owned(),
    }
}

impl Keeps<ByoasnAssociationNoun> for AwsIpam {
    fn create(&self, spec: &ByoasnAssociationSpec) -> Result<ByoasnAssociationRecord> {
        let (region, _) = self.region_of(spec.region.as_ref());
        let parts = &Parts { asn: spec.asn, cidr: spec.cidr, region: Some(region.clone()) };
        let name = &format!("{}_{}_{region}", spec.asn, spec.cidr);
        let begin = |_token| self.begin_asn_association(parts, name);
        let finish = |id: String| async move { self.usable_asn_association(parts, &id).await };
        self.run(self.make::<ByoasnAssociationNoun, _, _>(&region, name, begin, finish))
    }

    fn get(&self, id: &str) -> Result<Option<ByoasnAssociationRecord>> {
        self.run(async {
            let parts = Parts::of(id)?;
            let found = self.association(&parts).await?;
            let found = found.filter(|(found, _)| matches!(association_stage(found), Stage::Usable | Stage::Moving));
            Ok(found.map(|(found, region)| association_record(&found, &parts, &region)))
        })
    }

    fn list(&self) -> Result<Vec<ByoasnAssociationRecord>> {
        self.run(async {
            let mut all = Vec::new();
            for (region, found) in self.all_byoips().await? {
                let Ok(cidr) = found.cidr().unwrap_or_default().parse::<Cidr>() else { continue };
                for one in found.asn_associations() {
                    let parts = Parts { asn: asn(one.asn())?, cidr, region: Some(region.clone()) };
                    all.push(association_record(one, &parts, &region));
                }
            }
            Ok(all)
        })
    }

    /// No argument can change in place.
    fn update(
        &self,
        id: &str,
        _before: &ByoasnAssociationSpec,
        _after: &ByoasnAssociationSpec,
    ) -> Result<ByoasnAssociationRecord> {
        self.run(async { self.usable_asn_association(&Parts::of(id)?, id).await })
    }

    fn delete(&self, id: &str, _spec: &ByoasnAssociationSpec) -> Result<()> {
        self.run(self.drop_asn_association(id))
    }
}
