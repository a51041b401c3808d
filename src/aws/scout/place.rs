//! The scan of one account in one Region.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ipam::seen::{Failure, Sample, SeenType, Sighting, Survey};

use super::chosen::{Wanted, narrow, wants};
use super::lists::Lists;
use super::{Place, addresses, failure, resources};

/// All resources of the target, or the reason why the scan failed.
pub(super) async fn look(place: Place, survey: Arc<Survey>) -> Sample {
    let taken_at = Timestamp::now();
    let outcome = sight(&place, &survey, taken_at).await;
    if let Err(failure) = &outcome {
        tracing::warn!(account = place.account.id, region = place.region, code = %failure.code, "an account was not seen");
    }
    Sample { account_id: place.account.id.clone(), region: place.region, taken_at, outcome }
}

async fn sight(place: &Place, survey: &Survey, taken_at: Timestamp) -> Result<Sighting, Failure> {
    let (account, region) = (&place.account.id, &place.region);
    let client = place.account.client(region).await?;
    let mut lists =
        Lists::ask(&client, Wanted::of(survey)).await.map_err(|refusal| failure::of(&refusal, account, region))?;
    narrow(&mut lists, &survey.exclusions, account);
    let spot = resources::Spot { account, region, taken_at };
    let mut found = resources::all(&lists, &spot);
    found.retain(|one| wants(survey, one.resource_type));
    let addresses = if wants(survey, SeenType::Eip) { addresses::all(&lists, &spot) } else { Vec::new() };
    Ok(Sighting { resources: found, addresses })
}
