//! The scan of one account in one Region.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ipam::discovery::types::{Failure, Sample, SeenType, Sighting, Survey};

use super::account::Account;
use super::ec2::Origin;
use super::exclusions::remove_excluded;
use super::lists::{Lists, WantedLists, wants};
use super::{addresses, failure, resources};

/// An account and a Region.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) account: Arc<Account>,
    pub(super) region: String,
}

/// All resources of the target, or the reason why the scan failed.
pub(super) async fn scan(target: Target, survey: Arc<Survey>) -> Sample {
    let taken_at = Timestamp::now();
    let outcome = read(&target, &survey, taken_at).await;
    if let Err(failure) = &outcome {
        tracing::warn!(account = target.account.id, region = target.region, code = %failure.code, "an account was not seen");
    }
    Sample { account_id: target.account.id.clone(), region: target.region, taken_at, outcome }
}

async fn read(target: &Target, survey: &Survey, taken_at: Timestamp) -> Result<Sighting, Failure> {
    let (account, region) = (&target.account.id, &target.region);
    let client = target.account.client(region).await?;
    let mut lists =
        Lists::ask(&client, WantedLists::of(survey)).await.map_err(|refusal| failure::of(&refusal, account, region))?;
    remove_excluded(&mut lists, &survey.exclusions, account);
    let origin = Origin { account, region, taken_at };
    let mut found = resources::all(&lists, &origin);
    found.retain(|one| wants(survey, one.resource_type));
    let addresses = if wants(survey, SeenType::Eip) { addresses::all(&lists, &origin) } else { Vec::new() };
    Ok(Sighting { resources: found, addresses })
}
