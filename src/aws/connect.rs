//! Creates clients from the settings, one for each Region.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{Builder, Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_ec2::error::DisplayErrorContext;

use super::settings::{Keys, Role, Settings, WebIdentity};

/// Limit for a connection attempt, so that a retry can open another connection instead of a hung one.
const CONNECT_MAX: Duration = Duration::from_secs(10);
const ATTEMPT_MAX: Duration = Duration::from_secs(60);
/// EC2 often throttles accounts with large configurations, for which the three attempts of the SDK are too few.
const ATTEMPTS: u32 = 10;
const SESSION_NAME: &str = "terraform-provider-ipam";

/// Clients for EC2 with one identity.
#[derive(Debug)]
pub(super) struct Clients {
    config: SdkConfig,
    endpoint: Option<String>,
    home: String,
    by_region: Mutex<HashMap<String, Client>>,
}

impl Clients {
    /// Finds the Region and the credentials.
    ///
    /// # Errors
    /// The missing setting, as a sentence without secrets.
    pub(super) async fn open(settings: &Settings) -> Result<Self, String> {
        let config = load(settings).await?;
        let home = config.region().map(|region| region.as_ref().to_owned()).ok_or_else(|| {
            "No Region is given. Set `region` in the provider's `aws` block, or AWS_REGION, or a profile with a Region: \
             the home Region of the IPAM."
                .to_owned()
        })?;
        check_credentials(&config).await?;
        Ok(Self { config, endpoint: settings.ec2_endpoint.clone(), home, by_region: Mutex::default() })
    }

    /// The Region of the configuration, which is the home Region of the IPAM.
    pub(super) fn home_region(&self) -> &str {
        &self.home
    }

    /// The client for pools, scopes and other objects of the home Region.
    pub(super) fn home(&self) -> Client {
        self.in_region(&self.home)
    }

    /// The client for allocations of pools with this locale.
    pub(super) fn in_region(&self, region: &str) -> Client {
        let mut clients = self.by_region.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(|| self.build(region)).clone()
    }

    fn build(&self, region: &str) -> Client {
        Client::from_conf(client(&self.config, self.endpoint.as_deref(), region).build())
    }
}

/// The configuration with the credentials for scans, which have no home Region. `otherwise` is the Region of STS when the
/// settings, the environment and the profile name none.
///
/// # Errors
/// The missing setting, as a sentence without secrets.
pub(super) async fn identity(settings: &Settings, otherwise: &str) -> Result<SdkConfig, String> {
    let mut config = load(settings).await?;
    if config.region().is_none() {
        // Profiles with roles and web identities call STS, and need its Region when they are loaded.
        config = load(&Settings { region: Some(otherwise.to_owned()), ..settings.clone() }).await?;
    }
    check_credentials(&config).await?;
    Ok(config)
}

async fn check_credentials(config: &SdkConfig) -> Result<(), String> {
    let provider = config.credentials_provider().ok_or_else(no_credentials)?;
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{} ({})", no_credentials(), DisplayErrorContext(&error))),
    }
}

/// `endpoint` is one address for all Regions, whereas AWS has one for each Region.
pub(super) fn client(config: &SdkConfig, endpoint: Option<&str>, region: &str) -> Builder {
    let mut builder = Builder::from(config).region(Region::new(region.to_owned()));
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    builder
}

fn no_credentials() -> String {
    "No credentials for AWS were found. Set them in the provider's `aws` block, in the environment \
     (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or by a profile."
        .to_owned()
}

async fn load(settings: &Settings) -> Result<SdkConfig, String> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    loader = loader.timeout_config(
        TimeoutConfig::builder().connect_timeout(CONNECT_MAX).operation_attempt_timeout(ATTEMPT_MAX).build(),
    );
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(files) = profile_files(settings) {
        loader = loader.profile_files(files);
    }
    if let Some(Keys { access_key, secret_key, token }) = &settings.keys {
        let keys = Credentials::new(access_key, secret_key, token.clone(), None, "provider block");
        loader = loader.credentials_provider(keys);
    }
    loader = endpoints_and_retries(loader, settings);
    let config = loader.load().await;
    assume(config, settings).await
}

fn profile_files(settings: &Settings) -> Option<EnvConfigFiles> {
    let (config, credentials) = (&settings.shared_config_files, &settings.shared_credentials_files);
    if config.is_empty() && credentials.is_empty() {
        return None;
    }
    let mut files = EnvConfigFiles::builder()
        .include_default_config_file(config.is_empty())
        .include_default_credentials_file(credentials.is_empty());
    for file in config {
        files = files.with_file(EnvConfigFileKind::Config, file);
    }
    for file in credentials {
        files = files.with_file(EnvConfigFileKind::Credentials, file);
    }
    Some(files.build())
}

fn endpoints_and_retries(mut loader: ConfigLoader, settings: &Settings) -> ConfigLoader {
    if let Some(use_fips) = settings.use_fips_endpoint {
        loader = loader.use_fips(use_fips);
    }
    if let Some(use_dual_stack) = settings.use_dualstack_endpoint {
        loader = loader.use_dual_stack(use_dual_stack);
    }
    match retries(settings, |name| std::env::var(name).ok().filter(|value| !value.is_empty())) {
        Some(retries) => loader.retry_config(retries),
        None => loader,
    }
}

/// The retry settings; `None` means those of the environment and the profile. Variables of the environment take
/// precedence over the default of this provider.
fn retries(settings: &Settings, variable: impl Fn(&str) -> Option<String>) -> Option<RetryConfig> {
    let (mode, attempts) = (variable("AWS_RETRY_MODE"), variable("AWS_MAX_ATTEMPTS"));
    let is_told = settings.max_retries.is_some() || settings.adaptive_retries.is_some();
    if !is_told && (mode.is_some() || attempts.is_some()) {
        return None;
    }
    let attempts = match settings.max_retries {
        Some(retries) => retries.saturating_add(1),
        None => attempts.and_then(|attempts| attempts.parse().ok()).unwrap_or(ATTEMPTS),
    };
    let adaptive = settings.adaptive_retries.unwrap_or_else(|| mode.as_deref() == Some("adaptive"));
    let retries = if adaptive { RetryConfig::adaptive() } else { RetryConfig::standard() };
    Some(retries.with_max_attempts(attempts))
}

/// The configuration with the credentials of the last role in the chain.
async fn assume(config: SdkConfig, settings: &Settings) -> Result<SdkConfig, String> {
    let mut config = config;
    if let Some(identity) = &settings.web_identity {
        let provider = by_token(&config, identity);
        config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
    }
    for role in &settings.assume_role {
        let provider = by_role(&config, settings.sts_endpoint.as_deref(), role).await?;
        config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
    }
    Ok(config)
}

fn by_token(config: &SdkConfig, identity: &WebIdentity) -> WebIdentityTokenCredentialsProvider {
    let region = config.region().cloned();
    WebIdentityTokenCredentialsProvider::builder()
        .configure(&ProviderConfig::without_region().with_region(region))
        .static_configuration(StaticConfiguration {
            web_identity_token_file: identity.web_identity_token_file.clone().into(),
            role_arn: identity.role_arn.clone(),
            session_name: identity.session_name.clone().unwrap_or_else(|| SESSION_NAME.to_owned()),
        })
        .build()
}

/// The credentials of the role, requested with those of `config`.
pub(super) async fn by_role(
    config: &SdkConfig,
    sts_endpoint: Option<&str>,
    role: &Role,
) -> Result<AssumeRoleProvider, String> {
    let before = config.credentials_provider().ok_or_else(no_credentials)?;
    let mut builder = AssumeRoleProvider::builder(&role.role_arn)
        .configure(&for_sts(config, sts_endpoint))
        .session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME));
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    if let Some(duration) = role.duration {
        builder = builder.session_length(duration);
    }
    Ok(builder.build_from_provider(before).await)
}

/// The configuration for calls of STS.
pub(super) fn for_sts(config: &SdkConfig, endpoint: Option<&str>) -> SdkConfig {
    let mut sts = config.clone().into_builder();
    if let Some(endpoint) = endpoint {
        sts = sts.endpoint_url(endpoint);
    }
    sts.build()
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryMode;

    use super::*;

    #[test]
    fn retries_are_those_of_the_block_the_environment_or_the_default() {
        let of = |max_retries, adaptive_retries, environment: &[(&str, &str)]| {
            let variable =
                |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let settings = Settings { max_retries, adaptive_retries, ..Settings::default() };
            retries(&settings, variable).map(|retries| (retries.mode(), retries.max_attempts()))
        };
        let (standard, adaptive) = (RetryMode::Standard, RetryMode::Adaptive);
        assert_eq!(of(None, None, &[]), Some((standard, ATTEMPTS)));
        assert_eq!(of(Some(2), None, &[]), Some((standard, 3)));
        assert_eq!(of(None, Some(true), &[]), Some((adaptive, ATTEMPTS)));
        assert_eq!(of(None, None, &[("AWS_RETRY_MODE", "adaptive")]), None, "the SDK reads the variable");
        assert_eq!(of(Some(2), None, &[("AWS_RETRY_MODE", "adaptive")]), Some((adaptive, 3)));
        assert_eq!(
            of(None, Some(false), &[("AWS_RETRY_MODE", "adaptive"), ("AWS_MAX_ATTEMPTS", "5")]),
            Some((standard, 5))
        );
    }
}
