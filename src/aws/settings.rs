//! How to reach AWS: what the provider block's `aws` says.

use std::fmt;
use std::time::Duration;

/// Everything that may be said; what is not comes from the environment and the profiles, as with any AWS tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Home Region of the IPAM.
    pub region: Option<String>,
    /// Profile in the shared files.
    pub profile: Option<String>,
    /// Static credentials.
    pub keys: Option<Keys>,
    /// Instead of `~/.aws/config`; empty: that one.
    pub shared_config_files: Vec<String>,
    /// Instead of `~/.aws/credentials`; empty: that one.
    pub shared_credentials_files: Vec<String>,
    /// Roles to assume one after another; none is allowed.
    pub assume_role: Vec<Role>,
    /// The role that a token of another identity provider gives; before those of `assume_role`.
    pub web_identity: Option<WebIdentity>,
    /// URL instead of EC2's own.
    pub ec2_endpoint: Option<String>,
    /// URL instead of STS's own.
    pub sts_endpoint: Option<String>,
    /// How often a call is tried again.
    pub max_retries: Option<u32>,
    /// Whether calls are also slowed down while AWS throttles; `None`: as the environment says.
    pub adaptive_retries: Option<bool>,
    /// Whether deletions wait until AWS has let go of space that is free for it; `None`: they do.
    pub wait_for_release: Option<bool>,
    /// FIPS endpoints.
    pub use_fips_endpoint: Option<bool>,
    /// Endpoints that can be reached over IPv6.
    pub use_dualstack_endpoint: Option<bool>,
    /// The IPAM; `None`: the only one in the Region.
    pub ipam_id: Option<String>,
}

/// Static credentials. Their debug form shows nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// Id of the key.
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
    /// ARN.
    pub role_arn: String,
    /// Shown in CloudTrail.
    pub session_name: Option<String>,
    /// What the role's owner asks for.
    pub external_id: Option<String>,
    /// How long the credentials last.
    pub duration: Option<Duration>,
}

/// A role for a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebIdentity {
    /// ARN.
    pub role_arn: String,
    /// Shown in CloudTrail.
    pub session_name: Option<String>,
    /// File with the token.
    pub web_identity_token_file: String,
}
