//! The settings of the provider's `aws` block: how to reach AWS.

use std::fmt;
use std::time::Duration;

/// All settings. Settings that are missing come from the environment and the profiles, as in any AWS tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Home Region of the IPAM.
    pub region: Option<String>,
    /// Profile in the shared files.
    pub profile: Option<String>,
    /// Static credentials.
    pub keys: Option<Keys>,
    /// Used in place of `~/.aws/config`, unless empty.
    pub shared_config_files: Vec<String>,
    /// Used in place of `~/.aws/credentials`, unless empty.
    pub shared_credentials_files: Vec<String>,
    /// Roles to assume one after another; may be empty.
    pub assume_role: Vec<Role>,
    /// The role for a token of another identity provider, which is assumed before those of `assume_role`.
    pub web_identity: Option<WebIdentity>,
    /// URL in place of the endpoint of EC2.
    pub ec2_endpoint: Option<String>,
    /// URL in place of the endpoint of STS.
    pub sts_endpoint: Option<String>,
    /// Maximum number of retries of a call.
    pub max_retries: Option<u32>,
    /// Whether calls are also slowed down while AWS throttles; `None` means the setting of the environment.
    pub adaptive_retries: Option<bool>,
    /// Whether deletions wait until AWS has released space; `None` means that they do.
    pub wait_for_release: Option<bool>,
    /// Whether FIPS endpoints are used.
    pub use_fips_endpoint: Option<bool>,
    /// Whether endpoints are used that can be reached over IPv6.
    pub use_dualstack_endpoint: Option<bool>,
    /// ID of the IPAM; `None` means the only one in the Region.
    pub ipam_id: Option<String>,
}

/// Static credentials. Their debug text shows none of the values.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// ID of the key.
    pub access_key: String,
    /// The secret.
    pub secret_key: String,
    /// Session token of temporary credentials.
    pub token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// A role to assume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// ARN of the role.
    pub role_arn: String,
    /// Shown in CloudTrail.
    pub session_name: Option<String>,
    /// The external ID that the owner of the role requires.
    pub external_id: Option<String>,
    /// Lifetime of the credentials.
    pub duration: Option<Duration>,
}

/// A role that is assumed with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebIdentity {
    /// ARN of the role.
    pub role_arn: String,
    /// Shown in CloudTrail.
    pub session_name: Option<String>,
    /// File with the token.
    pub web_identity_token_file: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_show_no_credentials_in_their_debug_text() {
        let keys = Keys { access_key: "AKIAX".into(), secret_key: "wJalr".into(), token: Some("FwoGZ".into()) };
        let shown = format!("{:?}", Settings { keys: Some(keys), ..Settings::default() });
        assert!(!["AKIAX", "wJalr", "FwoGZ"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
