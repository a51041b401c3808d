//! The accounts of a survey, and the credentials for each of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryPartition;
use aws_sdk_ec2::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

use crate::backend::service::RoleArn;
use crate::ipam::Result;
use crate::ipam::discovery::types::{Failure, Survey, SurveyRole};

use super::super::connect::{by_role, client, for_sts, identity};
use super::super::response::{Refusal, ask};
use super::super::settings::{Role, Settings};
use super::failure::{self, refused};

/// Credentials of a role that expire within this time are requested again before the scan of a Region begins. No scan of
/// a Region takes so long.
const ENOUGH: Duration = Duration::from_secs(15 * 60);

/// An account to scan.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    /// The configuration of the identity that scans.
    config: SdkConfig,
    settings: Settings,
    /// The role to assume; `None` for the account of the identity that scans.
    role: Option<Role>,
    /// The last answer of STS to the request for the role. The request is made once for all Regions, even if it is
    /// refused.
    answered: Mutex<Option<Result<Credentials, Failure>>>,
}

/// The accounts that a survey covers, each once, beginning with the account of the identity that scans.
///
/// # Errors
/// Fails if there are no credentials.
pub(super) async fn all(settings: &Settings, survey: &Survey, region: &str) -> Result<Vec<Arc<Account>>> {
    let config =
        identity(settings, region).await.map_err(|words| refused("Credentials", Some("NoCredentials"), words))?;
    let account = |id: String, role: Option<&SurveyRole>| Account {
        id,
        config: config.clone(),
        settings: settings.clone(),
        role: role.map(|role| Role {
            role_arn: role.role_arn.clone(),
            external_id: role.external_id.clone(),
            ..Role::default()
        }),
        answered: Mutex::default(),
    };
    let mut accounts: Vec<Account> = Vec::new();
    if survey.roles.is_empty() || survey.own_account {
        accounts.push(account(own_id(&config, settings).await?, None));
    }
    for role in &survey.roles {
        let arn: RoleArn = role.role_arn.parse().map_err(|words| refused("AssumeRole", Some("InvalidRole"), words))?;
        accounts.push(account(arn.account_id().to_owned(), Some(role)));
    }
    let mut seen = std::collections::BTreeSet::new();
    accounts.retain(|account| !survey.exclusions.account_ids.contains(&account.id) && seen.insert(account.id.clone()));
    Ok(accounts.into_iter().map(Arc::new).collect())
}

/// The account of the credentials. This is the only request that needs no permission.
async fn own_id(config: &SdkConfig, settings: &Settings) -> Result<String> {
    const ACTION: &str = "GetCallerIdentity";
    let sts = aws_sdk_sts::Client::new(&for_sts(config, settings.sts_endpoint.as_deref()));
    let answer = ask(ACTION, sts.get_caller_identity().send()).await.map_err(|refusal| {
        let words = format!(
            "{} These credentials do not work for other requests either, so no account can be scanned.",
            sentence(&refusal)
        );
        refused(ACTION, refusal.code(), words)
    })?;
    answer
        .account
        .ok_or_else(|| refused(ACTION, Some("UnexpectedAnswer"), "The answer contains no account.".to_owned()))
}

fn sentence(refusal: &Refusal) -> String {
    format!("{}.", refusal.message().trim_end_matches('.'))
}

impl Account {
    /// A client for one of the Regions.
    ///
    /// # Errors
    /// Fails if the role cannot be assumed.
    pub(super) async fn client(&self, region: &str) -> Result<Client, Failure> {
        let mut builder = client(&self.config, self.settings.ec2_endpoint.as_deref(), region)
            // The SDK limits retries by service and Region, so without a partition one throttled account would use up the
            // retries of the others.
            .retry_partition(RetryPartition::new(format!("scout-{}-{region}", self.id)));
        if let Some(role) = &self.role {
            let credentials = self.credentials(role).await?;
            builder = builder.credentials_provider(SharedCredentialsProvider::new(credentials));
        }
        Ok(Client::from_conf(builder.build()))
    }

    async fn credentials(&self, role: &Role) -> Result<Credentials, Failure> {
        let mut answered = self.answered.lock().await;
        let good_until = SystemTime::now() + ENOUGH;
        match &*answered {
            Some(Ok(known)) if known.expiry().is_none_or(|expiry| expiry > good_until) => return Ok(known.clone()),
            Some(Err(failure)) => return Err(failure.clone()),
            _ => {}
        }
        let answer = self.assume(role).await;
        *answered = Some(answer.clone());
        answer
    }

    async fn assume(&self, role: &Role) -> Result<Credentials, Failure> {
        let provider = by_role(&self.config, self.settings.sts_endpoint.as_deref(), role)
            .await
            .map_err(|words| failure::of_role(role, &words))?;
        let answer = provider.provide_credentials().await;
        tracing::debug!(action = "AssumeRole", refused = answer.is_err(), "called AWS");
        answer.map_err(|error| failure::of_role(role, &failure::reason(&error)))
    }
}
