//! Scans of accounts by plain reads of EC2, for self-managed stores.
//!
//! | module | content |
//! |---|---|
//! | `account` | the accounts of a survey; roles, and the identity that scans |
//! | `lists` | the lists of EC2, read page by page |
//! | `place` | one account in one Region: its lists as one sample, or the reason of the failure |
//! | `resources`, `addresses` | answers of EC2 as blocks on resources, and as public addresses |
//! | `chosen` | the exclusions of a survey |
//! | `failure` | a refusal as a failure code of AWS and a sentence |

mod account;
mod addresses;
mod chosen;
mod failure;
mod lists;
mod place;
mod resources;

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::backend::scout::{Scout, Step};
use crate::ipam::seen::{Sample, Survey};
use crate::ipam::{Error, Fault, Result};
use crate::runtime::block_on;
use crate::store;

use super::settings::Settings;
use account::Account;

/// The name of the service in errors.
const SERVICE: &str = "AWS";

/// Number of targets that are scanned at the same time. EC2 limits calls for each account and Region (buckets of 50 to
/// 100 reads, refilled by 10 to 20 per second), and the scan of one target makes at most six calls at a time, one for
/// each list, whose next page is requested when the last one has arrived. So the number of targets does not affect any
/// bucket. The limit is for this machine: 16 targets are about 100 connections, with their answers in memory.
const PLACES_AT_ONCE: usize = 16;

/// Scans accounts by the lists of EC2. No request is made, and no credentials are looked for, before the first scan.
#[derive(Clone, Debug)]
pub struct Ec2Scout {
    settings: Settings,
}

/// An account and a Region.
#[derive(Clone, Debug)]
struct Place {
    account: Arc<Account>,
    region: String,
}

impl Ec2Scout {
    /// A scout that uses `settings`: those of the provider's `aws` block, or empty settings, which means those of the
    /// environment.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Scout for Ec2Scout {
    fn look(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()> {
        let Some(first) = survey.operating_regions.first() else { return found(Step::Places(0)) };
        let accounts = run(account::all(&self.settings, survey, first))??;
        let mut places: VecDeque<Place> = places(&accounts, survey).into();
        found(Step::Places(places.len()))?;
        let survey = Arc::new(survey.clone());
        // All calls in progress are dropped when `found` returns an error.
        let mut under_way = JoinSet::new();
        loop {
            // `found` may write to a store that drives futures itself, so it is never called inside a future.
            match run(next(&mut under_way, &mut places, &survey))? {
                None => return Ok(()),
                Some(sample) => found(Step::Done(sample?))?,
            }
        }
    }
}

/// The targets in order of Regions, so that the first ones are in different accounts.
fn places(accounts: &[Arc<Account>], survey: &Survey) -> Vec<Place> {
    let in_region = |region: &String| {
        let region = region.clone();
        accounts.iter().map(move |account| Place { account: Arc::clone(account), region: region.clone() })
    };
    survey.operating_regions.iter().flat_map(in_region).collect()
}

/// Starts as many scans as may run at the same time, and waits for one to end; `None` if none is left.
async fn next(
    under_way: &mut JoinSet<Sample>,
    places: &mut VecDeque<Place>,
    survey: &Arc<Survey>,
) -> Option<Result<Sample>> {
    while under_way.len() < PLACES_AT_ONCE {
        let Some(place) = places.pop_front() else { break };
        under_way.spawn(place::look(place, Arc::clone(survey)));
    }
    let ended = under_way.join_next().await?;
    Some(ended.map_err(|why| refused("Discovery", None, format!("The scan of an account stopped: {why}."))))
}

fn run<T>(work: impl Future<Output = T>) -> Result<T> {
    block_on(work).map_err(|no_thread| Error::Store(store::Error::Unavailable(no_thread.to_string())))
}

/// An error of the scan as a whole.
fn refused(action: &'static str, code: Option<&str>, message: String) -> Error {
    let code = code.map(str::to_owned);
    Error::Service(Box::new(Fault { service: SERVICE, action, code, message, request_id: None, space: None }))
}
