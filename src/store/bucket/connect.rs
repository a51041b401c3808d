//! Creates the clients of the clouds from the URL and the environment, without contacting them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

use super::failure;
use super::location::{Environment, Kind, StoreLocation};
use super::profile::Profile;
use crate::store::Error;

/// A setting of the HTTP client that distinguishes a host that does not answer from a slow one.
const CONNECT_TIMEOUT: &str = "5 seconds";
/// `objects` limits the time of requests, because it knows their size.
const REQUEST_TIMEOUT: &str = "1 hour";

/// The client for `location`.
///
/// # Errors
/// [`Error::Unavailable`] when the settings contradict each other, or when there are no credentials at all.
pub(super) fn connect(location: &StoreLocation, environment: &Environment) -> Result<Arc<dyn ObjectStore>, Error> {
    match location.kind {
        Kind::S3 => s3(location, environment),
        Kind::Gs => gs(location, environment),
        Kind::Az => az(location, environment),
        // Each write reaches the disk, and so does the directory, before it is answered.
        Kind::File => Ok(Arc::new(LocalFileSystem::new().with_fsync(true))),
    }
}

/// Turns off the repetition of requests in `object_store`: `objects` repeats them.
fn no_retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 0, retry_timeout: Duration::ZERO }
}

fn is_plain_http(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"))
}

/// The error of a client builder. Only the message of the operating system is shown, because the rest may quote a
/// secret.
fn refused(location: &StoreLocation, error: &object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut system = String::new();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            system = format!(" ({io})");
        }
        cause = error.source();
    }
    Error::Unavailable(format!(
        "the settings for {} cannot be used{system}: {}",
        location.describe(),
        match location.kind {
            Kind::S3 => "check the environment variables AWS_*",
            Kind::Gs => "check GOOGLE_APPLICATION_CREDENTIALS and the other environment variables GOOGLE_*",
            Kind::Az => "check the environment variables AZURE_*",
            Kind::File => "check the directory",
        }
    ))
}

fn s3(location: &StoreLocation, environment: &Environment) -> Result<Arc<dyn ObjectStore>, Error> {
    let mut builder = AmazonS3Builder::new();
    let profile = profile(location, environment)?;
    for (name, value) in environment.with_prefix("AWS_") {
        // The keys and the token of the environment belong together: a profile with keys replaces all of them.
        let is_of_keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&name);
        if is_of_keys && profile.keys.is_some() {
            continue;
        }
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder = with_profile(builder, profile, location, environment);
    for (option, key) in [
        ("region", AmazonS3ConfigKey::Region),
        ("endpoint", AmazonS3ConfigKey::S3Endpoint),
        ("virtual_hosted_style", AmazonS3ConfigKey::VirtualHostedStyleRequest),
    ] {
        if let Some(value) = location.option(option) {
            builder = builder.with_config(key, value);
        }
    }
    for (option, key) in [("sse", "aws_server_side_encryption"), ("sse_kms_key_id", "aws_sse_kms_key_id")] {
        if let (Some(value), Ok(key)) = (location.option(option), key.parse::<AmazonS3ConfigKey>()) {
            builder = builder.with_config(key, value);
        }
    }
    let setting = |builder: &AmazonS3Builder, key| builder.get_config_value(&key);
    let endpoint =
        setting(&builder, AmazonS3ConfigKey::S3Endpoint).or_else(|| setting(&builder, AmazonS3ConfigKey::Endpoint));
    let is_virtual = setting(&builder, AmazonS3ConfigKey::VirtualHostedStyleRequest).is_some_and(|text| text == "true");
    if let (Some(endpoint), true) = (&endpoint, is_virtual) {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, with_bucket(endpoint, &location.bucket));
    }
    if is_plain_http(endpoint.as_deref()) {
        builder = builder.with_config(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp), "true");
    }
    let store = builder
        .with_bucket_name(&location.bucket)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
        .with_retry(no_retry())
        .build();
    Ok(Arc::new(store.map_err(|error| refused(location, &error))?))
}

/// Keys of the environment take precedence over those of a profile, unless the URL names a profile.
fn profile(location: &StoreLocation, environment: &Environment) -> Result<Profile, Error> {
    let chosen = location.option("profile");
    let others = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_SKIP_SIGNATURE",
    ];
    if chosen.is_none() && others.iter().any(|name| environment.get(name).is_some()) {
        return Ok(Profile::default());
    }
    let profile = Profile::read(environment, chosen)?;
    if profile.keys.is_none() && environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|text| text == "true") {
        return Err(failure::no_credentials(location));
    }
    Ok(profile)
}

fn with_profile(
    mut builder: AmazonS3Builder,
    profile: Profile,
    location: &StoreLocation,
    environment: &Environment,
) -> AmazonS3Builder {
    let is_set = |names: &[&str]| names.iter().any(|name| environment.get(name).is_some());
    if let Some(keys) = profile.keys {
        builder = builder.with_access_key_id(keys.id).with_secret_access_key(keys.secret);
        if let Some(token) = keys.token {
            builder = builder.with_token(token);
        }
    }
    let region_is_said = location.option("profile").is_none() && is_set(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    if let Some(region) = profile.region.filter(|_| !region_is_said) {
        builder = builder.with_region(region);
    }
    let endpoint_is_said = is_set(&["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"]);
    if let Some(endpoint) = profile.endpoint.filter(|_| !endpoint_is_said) {
        builder = builder.with_endpoint(endpoint);
    }
    builder
}

/// `https://bucket.host` from `https://host`.
fn with_bucket(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) if !host.starts_with(&format!("{bucket}.")) => format!("{scheme}://{bucket}.{host}"),
        _ => endpoint.to_owned(),
    }
}

fn gs(location: &StoreLocation, environment: &Environment) -> Result<Arc<dyn ObjectStore>, Error> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in environment.with_prefix("GOOGLE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let emulator = environment
        .get("STORAGE_EMULATOR_HOST")
        .map(|host| if host.contains("://") { host.to_owned() } else { format!("http://{host}") });
    let endpoint = location.option("endpoint").map(str::to_owned).or(emulator);
    if is_plain_http(endpoint.as_deref()) {
        // Only emulators use plain HTTP, and they need no credentials.
        builder = builder
            .with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), "true")
            .with_config(GoogleConfigKey::SkipSignature, "true");
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_config(GoogleConfigKey::BaseUrl, endpoint);
    }
    let store = builder
        .with_bucket_name(&location.bucket)
        .with_config(GoogleConfigKey::Client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
        .with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
        .with_retry(no_retry())
        .build();
    Ok(Arc::new(store.map_err(|error| refused(location, &error))?))
}

fn az(location: &StoreLocation, environment: &Environment) -> Result<Arc<dyn ObjectStore>, Error> {
    let mut builder = MicrosoftAzureBuilder::new();
    // The names that Azure's own tools use, and then the more specific names.
    for (name, key) in
        [("AZURE_STORAGE_ACCOUNT", AzureConfigKey::AccountName), ("AZURE_STORAGE_KEY", AzureConfigKey::AccessKey)]
    {
        if let Some(value) = environment.get(name) {
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in environment.with_prefix("AZURE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = environment.get("IDENTITY_ENDPOINT") {
        builder = builder.with_config(AzureConfigKey::MsiEndpoint, endpoint);
    }
    if let Some(account) = location.option("account") {
        builder = builder.with_config(AzureConfigKey::AccountName, account);
    }
    if let Some(endpoint) = location.option("endpoint") {
        builder = builder.with_config(AzureConfigKey::Endpoint, endpoint);
    }
    let is_emulator = builder.get_config_value(&AzureConfigKey::UseEmulator).is_some_and(|text| text == "true");
    if !is_emulator && builder.get_config_value(&AzureConfigKey::AccountName).is_none() {
        return Err(Error::Unavailable(format!(
            "{} needs a storage account: set AZURE_STORAGE_ACCOUNT_NAME, or \"?account=...\" in the URL",
            location.describe()
        )));
    }
    if is_plain_http(builder.get_config_value(&AzureConfigKey::Endpoint).as_deref()) {
        builder = builder.with_config(AzureConfigKey::Client(ClientConfigKey::AllowHttp), "true");
    }
    let store = builder
        .with_container_name(&location.bucket)
        .with_config(AzureConfigKey::Client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
        .with_config(AzureConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
        .with_retry(no_retry())
        .build();
    Ok(Arc::new(store.map_err(|error| refused(location, &error))?))
}
