//! The end of an allocation that a command lends.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::arguments;
use super::failure::CommandFailure;
use crate::backend::Ipam;
use crate::ipam::{Error, Loan, OnlySelfManaged, Unsupported};

/// The end of a loan.
#[derive(Debug, Args)]
pub(super) struct End {
    /// For how long the allocation is needed, such as 72h. Then `gc` releases it.
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration, conflicts_with = "expires_at")]
    ttl: Option<Duration>,
    /// Time from which `gc` releases the allocation, such as 2026-03-01T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires_at: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "it is not a time such as 2026-03-01T12:00:00Z".to_owned())
}

impl End {
    /// The loan that the options ask for.
    ///
    /// # Errors
    /// Fails if the loan has no length, or the store has no loans.
    pub(super) fn loan(&self, ipam: &dyn Ipam) -> Result<Option<Loan>, CommandFailure> {
        let loan = match (self.ttl, self.expires_at) {
            (Some(ttl), _) if ttl.is_zero() => {
                let line = "--ttl is zero: a loan needs a duration, such as 72h.";
                return Err(CommandFailure::Usage(line.to_owned()));
            }
            (Some(ttl), _) => Loan::lasting(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
            (None, Some(end)) => Loan::until(end),
            (None, None) => return Ok(None),
        };
        if ipam.service().is_some() {
            let what = Unsupported::OnlySelfManaged(OnlySelfManaged::Loans);
            return Err(Error::Unsupported { what }.into());
        }
        Ok(Some(loan))
    }
}
