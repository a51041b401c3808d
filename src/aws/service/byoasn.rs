//! AS numbers that the account brings to AWS, and their associations with ranges.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{ByoasnNoun, ByoasnRecord, ByoasnSpec};
use crate::ipam::{Proof, Result};

use super::super::connection::Connection;
use super::super::convert::{self, composite, need, parts};
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{ObjectKind, Progress, Stage, unfinished, until};
use super::keeper::AsyncKeeps;

fn record(found: &ec2::Byoasn) -> Result<ByoasnRecord> {
    let (asn, ipam_id) = (convert::asn(found.asn())?, need(found.ipam_id(), "IPAM id")?);
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

/// The AS numbers that the account brought.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Byoasns<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Byoasns<'_> {
    /// All numbers. The SDK has no paginator for this request.
    async fn describe_all(&self) -> Result<Vec<ec2::Byoasn>, Refusal> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let request = self.aws.clients.home().describe_ipam_byoasn().set_next_token(next);
            let page = ask("DescribeIpamByoasn", request.send()).await?;
            all.extend(page.byoasns.unwrap_or_default());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// The number. If AWS lists several entries, the one that counts as present is returned, or else the last one.
    async fn describe(&self, asn: &str, ipam_id: Option<&str>) -> Result<Option<ec2::Byoasn>, Refusal> {
        let mut found = self.describe_all().await?;
        found.retain(|one| one.asn() == Some(asn) && (ipam_id.is_none() || one.ipam_id() == ipam_id));
        let there = found.iter().position(is_there);
        Ok(match there {
            Some(position) => Some(found.remove(position)),
            None => found.pop(),
        })
    }

    async fn begin(&self, spec: &ByoasnSpec) -> Result<String, Refusal> {
        let action = "ProvisionIpamByoasn";
        let text = spec.asn.to_string();
        let id = composite(&text, &spec.ipam_id);
        if self.describe(&text, None).await?.as_ref().is_some_and(is_there) {
            let words = format!("{text} already exists. Import it by {id:?}.");
            return Err(fault(action, "AlreadyExists", words));
        }
        let Some(Proof::Certificate { message, signature }) = &spec.proof else {
            return Err(fault(action, "MissingParameter", "an AS number needs its signed message"));
        };
        let context = ec2::AsnAuthorizationContext::builder().message(message).signature(signature).build();
        let request = self
            .aws
            .clients
            .home()
            .provision_ipam_byoasn()
            .ipam_id(&spec.ipam_id)
            .asn(&text)
            .asn_authorization_context(context);
        match ask(action, request.send()).await {
            Ok(_) => Ok(id),
            // The call has no client token, and may have been carried out although its answer was lost.
            Err(refusal) => match self.describe(&text, Some(&spec.ipam_id)).await {
                Ok(Some(found)) if is_there(&found) => Ok(id),
                _ => Err(refusal),
            },
        }
    }

    async fn wait_until_usable(&self, id: &str) -> Result<ByoasnRecord> {
        let (asn, ipam_id) = parts(id);
        until(&self.aws.pace, unfinished(ObjectKind::of::<ByoasnNoun>(), id, asn), || async move {
            let Some(found) = self.describe(asn, ipam_id).await? else {
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
}

impl AsyncKeeps<ByoasnNoun> for Byoasns<'_> {
    async fn create(&self, spec: &ByoasnSpec) -> Result<ByoasnRecord> {
        let begin = |_token| self.begin(spec);
        let finish = async |id: String| self.wait_until_usable(&id).await;
        self.aws.pending.create_once::<ByoasnNoun, _>(&spec.ipam_id, &spec.asn.to_string(), begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<ByoasnRecord>> {
        let (asn, ipam_id) = parts(id);
        self.describe(asn, ipam_id).await?.filter(is_there).as_ref().map(record).transpose()
    }

    async fn list(&self) -> Result<Vec<ByoasnRecord>> {
        self.describe_all().await?.iter().filter(|found| is_there(found)).map(record).collect()
    }

    /// No argument can change in place. Another proof is used the next time that the number is provisioned.
    async fn update(&self, id: &str, _before: &ByoasnSpec, _after: &ByoasnSpec) -> Result<ByoasnRecord> {
        self.wait_until_usable(id).await
    }

    async fn delete(&self, id: &str, _spec: &ByoasnSpec) -> Result<()> {
        let (asn, ipam_id) = parts(id);
        let action = "DeprovisionIpamByoasn";
        let found = self.describe(asn, ipam_id).await?;
        if let Some(found) = found.filter(is_there) {
            let ipam_id = need(found.ipam_id(), "IPAM id")?;
            let request = self.aws.clients.home().deprovision_ipam_byoasn().ipam_id(ipam_id).asn(asn);
            ask(action, request.send()).await?;
        }
        until(&self.aws.pace, unfinished(ObjectKind::of::<ByoasnNoun>(), id, asn), || async move {
            let found = self.describe(asn, ipam_id).await?;
            match found.as_ref().map(|found| (found.state(), stage(found))) {
                None | Some((Some(ec2::AsnState::FailedProvision), _) | (_, Stage::Gone)) => Ok(Progress::Ready(())),
                Some((_, Stage::Failed(why))) => Err(fault(action, "failed-deprovision", why).into()),
                Some((state, _)) => Ok(Progress::Wait(state.map_or("", |state| state.as_str()).to_owned())),
            }
        })
        .await
    }
}
