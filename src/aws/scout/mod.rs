//! Looks into accounts by plain reads of EC2, for stores of our own.
//!
//! | module | what |
//! |---|---|
//! | `account` | the accounts of a survey; roles, and whose credentials look |
//! | `lists` | EC2's lists, page after page |
//! | `place` | one account in one Region: its lists as one sample, all of it or the reason |
//! | `resources`, `addresses` | EC2's answers as blocks on resources, and as public addresses |
//! | `chosen` | what a survey leaves out |
//! | `failure` | a refusal as AWS's failure code and a sentence |

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

/// What errors call the service.
const SERVICE: &str = "AWS";

/// Accounts and Regions looked at at once. EC2 counts calls for each account and Region (buckets of 50 to 100 reads,
/// refilled by 10 to 20 a second), and a look at one place has at most six calls in the air, one for each list, whose next
/// page is asked for when the last one is there: so no bucket feels how many places there are. The bound is for this
/// machine: 16 places are about 100 connections, and the answers to them in memory.
const PLACES_AT_ONCE: usize = 16;

/// Looks into accounts through EC2's own lists. Nothing is asked, and no credentials are looked for, before the first look.
#[derive(Clone, Debug)]
pub struct Ec2Scout {
    settings: Settings,
}

/// An account in a Region.
#[derive(Clone, Debug)]
struct Place {
    account: Arc<Account>,
    region: String,
}

impl Ec2Scout {
    /// One that looks as `settings` say: those of the provider's `aws` block, or none, and then as the environment says.
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
        // Dropped with all that is under way when `found` answers an error.
        let mut under_way = JoinSet::new();
        loop {
            // `found` may write to a store that drives futures by itself, so it is never called from inside of one.
            match run(next(&mut under_way, &mut places, &survey))? {
                None => return Ok(()),
                Some(sample) => found(Step::Done(sample?))?,
            }
        }
    }
}

/// Region by Region, so that the first places under way are of different accounts.
fn places(accounts: &[Arc<Account>], survey: &Survey) -> Vec<Place> {
    let in_region = |region: &String| {
        let region = region.clone();
        accounts.iter().map(move |account| Place { account: Arc::clone(account), region: region.clone() })
    };
    survey.operating_regions.iter().flat_map(in_region).collect()
}

/// Begins as many looks as may be under way, and waits for one to end; `None`: there is none left.
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

/// An error of the look as a whole.
fn refused(action: &'static str, code: Option<&str>, message: String) -> Error {
    let code = code.map(str::to_owned);
    Error::Service(Box::new(Fault { service: SERVICE, action, code, message, request_id: None, space: None }))
}
