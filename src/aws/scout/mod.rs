//! Scans of accounts by plain reads of EC2, for self-managed stores.
//!
//! | module | content |
//! |---|---|
//! | `account` | the accounts of a survey; roles, and the identity that scans |
//! | `lists` | the lists of EC2, read page by page |
//! | `target` | one account in one Region: its lists as one sample, or the reason of the failure |
//! | `resources`, `addresses` | answers of EC2 as blocks on resources, and as public addresses |
//! | `ec2` | values that both kinds of answers have in common |
//! | `exclusions` | the resources that a survey excludes |
//! | `failure` | a refusal as a failure code of AWS and a sentence |

mod account;
mod addresses;
mod ec2;
mod exclusions;
mod failure;
mod lists;
mod resources;
mod target;

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::backend::scout::{Scout, Step};
use crate::ipam::discovery::types::{Sample, Survey};
use crate::ipam::{Error, Result};
use crate::runtime::block_on;
use crate::store;

use super::settings::Settings;
use account::Account;
use failure::refused;
use target::Target;

/// Number of targets that are scanned at the same time. EC2 limits calls for each account and Region (buckets of 50 to
/// 100 reads, refilled by 10 to 20 per second), and the scan of one target makes at most six calls at a time, one for
/// each list, whose next page is requested when the last one has arrived. So the number of targets does not affect any
/// bucket. The limit is for this machine: 16 targets are about 100 connections, with their answers in memory.
const TARGETS_AT_ONCE: usize = 16;

/// Scans accounts by the lists of EC2. No request is made, and no credentials are looked for, before the first scan.
#[derive(Clone, Debug)]
pub struct Ec2Scout {
    settings: Settings,
}

impl Ec2Scout {
    /// A scout that uses `settings`: those of the provider's `aws` block, or empty settings, which means those of the
    /// environment.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Scout for Ec2Scout {
    fn scan(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()> {
        let Some(first) = survey.operating_regions.first() else { return found(Step::Targets(0)) };
        let accounts = run(account::all(&self.settings, survey, first))??;
        let mut targets: VecDeque<Target> = targets(&accounts, survey).into();
        found(Step::Targets(targets.len()))?;
        let survey = Arc::new(survey.clone());
        // All calls in progress are dropped when `found` returns an error.
        let mut under_way = JoinSet::new();
        loop {
            // `found` may write to a store that drives futures itself, so it is never called inside a future.
            match run(next(&mut under_way, &mut targets, &survey))? {
                None => return Ok(()),
                Some(sample) => found(Step::Done(sample?))?,
            }
        }
    }
}

/// The targets in order of Regions, so that the first ones are in different accounts.
fn targets(accounts: &[Arc<Account>], survey: &Survey) -> Vec<Target> {
    let in_region = |region: &String| {
        let region = region.clone();
        accounts.iter().map(move |account| Target { account: Arc::clone(account), region: region.clone() })
    };
    survey.operating_regions.iter().flat_map(in_region).collect()
}

/// Starts as many scans as may run at the same time, and waits for one to end; `None` if none is left.
async fn next(
    under_way: &mut JoinSet<Sample>,
    targets: &mut VecDeque<Target>,
    survey: &Arc<Survey>,
) -> Option<Result<Sample>> {
    while under_way.len() < TARGETS_AT_ONCE {
        let Some(target) = targets.pop_front() else { break };
        under_way.spawn(target::scan(target, Arc::clone(survey)));
    }
    let ended = under_way.join_next().await?;
    Some(ended.map_err(|why| refused("Discovery", None, format!("The scan of an account stopped: {why}."))))
}

fn run<T>(work: impl Future<Output = T>) -> Result<T> {
    block_on(work).map_err(|no_thread| Error::Store(store::Error::Unavailable(no_thread.to_string())))
}
