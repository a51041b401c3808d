//! Associations of AS numbers with ranges.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::backend::service::{Asn, ByoasnAssociationNoun, ByoasnAssociationRecord, ByoasnAssociationSpec};
use crate::ipam::{Cidr, Result};

use super::super::connection::Connection;
use super::super::convert;
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{ObjectKind, Progress, Stage, unfinished, until};
use super::byoip::ByoipCidrs;
use super::keeper::AsyncKeeps;

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

/// The associations of AS numbers with ranges.
#[derive(Clone, Copy)]
pub(in crate::aws) struct ByoasnAssociations<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl ByoasnAssociations<'_> {
    fn region_of(&self, region: Option<&String>) -> (String, Client) {
        let region = region.cloned().unwrap_or_else(|| self.aws.clients.home_region().to_owned());
        let client = self.aws.clients.in_region(&region);
        (region, client)
    }

    async fn describe(&self, parts: &Parts) -> Result<Option<(ec2::AsnAssociation, String)>, Refusal> {
        let (region, client) = self.region_of(parts.region.as_ref());
        let ranges = ByoipCidrs { aws: self.aws };
        let Some(range) = ranges.describe(&client, &parts.cidr).await? else { return Ok(None) };
        let asn = parts.asn.to_string();
        let is_it = |found: &ec2::AsnAssociation| found.asn() == Some(&asn);
        Ok(range.asn_associations.into_iter().flatten().find(is_it).map(|found| (found, region)))
    }

    async fn begin(&self, parts: &Parts, id: &str) -> Result<String, Refusal> {
        let action = "AssociateIpamByoasn";
        let is_there = |found: Option<(ec2::AsnAssociation, String)>| {
            found.is_some_and(|(found, _)| !matches!(stage(&found), Stage::Gone | Stage::Failed(_)))
        };
        if is_there(self.describe(parts).await?) {
            return Err(fault(action, "AlreadyExists", format!("{id} already exists. Import it by this id.")));
        }
        let (_, client) = self.region_of(parts.region.as_ref());
        let request = client.associate_ipam_byoasn().asn(parts.asn.to_string()).cidr(parts.cidr.to_string());
        match ask(action, request.send()).await {
            Ok(_) => Ok(id.to_owned()),
            // As for the number itself, the call may have been carried out.
            Err(refusal) => match self.describe(parts).await {
                Ok(found) if is_there(found.clone()) => Ok(id.to_owned()),
                _ => Err(refusal),
            },
        }
    }

    async fn wait_until_usable(&self, parts: &Parts, id: &str) -> Result<ByoasnAssociationRecord> {
        until(&self.aws.pace, unfinished(ObjectKind::of::<ByoasnAssociationNoun>(), id, id), || async move {
            let Some((found, region)) = self.describe(parts).await? else {
                return Ok(Progress::Wait("it is not listed yet".to_owned()));
            };
            match stage(&found) {
                Stage::Usable => Ok(Progress::Ready(record(&found, parts, &region))),
                Stage::Moving => Ok(Progress::Wait(record(&found, parts, &region).state)),
                Stage::Failed(why) => Err(fault("AssociateIpamByoasn", "failed-association", why).into()),
                Stage::Gone => Ok(Progress::Wait("its last entry is still the old one".to_owned())),
            }
        })
        .await
    }
}

fn stage(found: &ec2::AsnAssociation) -> Stage {
    Stage::of_brought(found.state().map(ec2::AsnAssociationState::as_str), found.status_message())
}

fn record(found: &ec2::AsnAssociation, parts: &Parts, region: &str) -> ByoasnAssociationRecord {
    ByoasnAssociationRecord {
        id: format!("{}_{}_{region}", parts.asn, parts.cidr),
        asn: parts.asn,
        cidr: parts.cidr,
        region: region.to_owned(),
        state: found.state().map_or("associated", |state| state.as_str()).to_owned(),
    }
}

impl AsyncKeeps<ByoasnAssociationNoun> for ByoasnAssociations<'_> {
    async fn create(&self, spec: &ByoasnAssociationSpec) -> Result<ByoasnAssociationRecord> {
        let (region, _) = self.region_of(spec.region.as_ref());
        let parts = &Parts { asn: spec.asn, cidr: spec.cidr, region: Some(region.clone()) };
        let name = &format!("{}_{}_{region}", spec.asn, spec.cidr);
        let begin = |_token| self.begin(parts, name);
        let finish = async |id: String| self.wait_until_usable(parts, &id).await;
        self.aws.pending.create_once::<ByoasnAssociationNoun, _>(&region, name, begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<ByoasnAssociationRecord>> {
        let parts = Parts::of(id)?;
        let found = self.describe(&parts).await?;
        let found = found.filter(|(found, _)| matches!(stage(found), Stage::Usable | Stage::Moving));
        Ok(found.map(|(found, region)| record(&found, &parts, &region)))
    }

    async fn list(&self) -> Result<Vec<ByoasnAssociationRecord>> {
        let mut all = Vec::new();
        for (region, found) in (ByoipCidrs { aws: self.aws }).describe_all().await? {
            let Ok(cidr) = found.cidr().unwrap_or_default().parse::<Cidr>() else { continue };
            for one in found.asn_associations() {
                let parts = Parts { asn: convert::asn(one.asn())?, cidr, region: Some(region.clone()) };
                all.push(record(one, &parts, &region));
            }
        }
        Ok(all)
    }

    /// No argument can change in place.
    async fn update(
        &self,
        id: &str,
        _before: &ByoasnAssociationSpec,
        _after: &ByoasnAssociationSpec,
    ) -> Result<ByoasnAssociationRecord> {
        self.wait_until_usable(&Parts::of(id)?, id).await
    }

    async fn delete(&self, id: &str, _spec: &ByoasnAssociationSpec) -> Result<()> {
        let parts = &Parts::of(id)?;
        let action = "DisassociateIpamByoasn";
        let found = self.describe(parts).await?;
        if found.is_some_and(|(found, _)| matches!(stage(&found), Stage::Usable)) {
            let (_, client) = self.region_of(parts.region.as_ref());
            let request = client.disassociate_ipam_byoasn().asn(parts.asn.to_string()).cidr(parts.cidr.to_string());
            ask(action, request.send()).await?;
        }
        until(&self.aws.pace, unfinished(ObjectKind::of::<ByoasnAssociationNoun>(), id, id), || async move {
            use ec2::AsnAssociationState as State;
            match self.describe(parts).await? {
                None => Ok(Progress::Ready(())),
                Some((found, _)) => match (found.state(), stage(&found)) {
                    (Some(State::FailedAssociation), _) | (_, Stage::Gone) => Ok(Progress::Ready(())),
                    (_, Stage::Failed(why)) => Err(fault(action, "failed-disassociation", why).into()),
                    (state, _) => Ok(Progress::Wait(state.map_or("", |state| state.as_str()).to_owned())),
                },
            }
        })
        .await
    }
}
