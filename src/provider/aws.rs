//! The `aws` block of the provider: how to reach AWS, with the names that the AWS provider uses.

use std::fmt;
use std::str::FromStr;

use crate::model;
use crate::tf::{Attr, AttributeType, Diagnostic, Diagnostics, Path, Type, Value};

use super::attributes::HumanDuration;

/// A text that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    #[cfg(test)]
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The plain text, for the code that sends it.
    pub(super) fn reveal(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Attr for Secret {
    fn attribute_type() -> AttributeType {
        AttributeType::Plain(Type::String)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        String::from_value(value, at).map(Self)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

/// How requests are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryMode {
    Standard,
    Adaptive,
}

impl FromStr for RetryMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "standard" => Ok(Self::Standard),
            "adaptive" => Ok(Self::Adaptive),
            _ => Err(format!("{text:?} is not a retry mode: use \"standard\" or \"adaptive\".")),
        }
    }
}

impl fmt::Display for RetryMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Adaptive => "adaptive",
        })
    }
}

crate::text_attr!(RetryMode);

model! {
    /// Access to AWS: for `store = "aws-ipam"`, and on a self-managed store for scans of AWS accounts (`max_age` of
    /// data sources). Arguments that are not set come from the environment (`AWS_REGION`, `AWS_PROFILE`,
    /// `AWS_ACCESS_KEY_ID`, ...), the shared files and the machine, as in every AWS tool.
    pub(crate) struct AwsModel {
        /// Home Region of the IPAM. The provider makes allocations in the Region of their pool's `locale`, without
        /// further configuration.
        region: String => optional(),
        /// Name of the profile in the shared files.
        profile: String => optional(),
        /// Access key ID. Requires `secret_key`.
        access_key: Secret => optional().sensitive(),
        /// Secret access key. Requires `access_key`.
        secret_key: Secret => optional().sensitive(),
        /// Session token of temporary credentials. Requires `access_key` and `secret_key`.
        token: Secret => optional().sensitive(),
        /// Paths of the files to read instead of `~/.aws/config`.
        shared_config_files: Vec<String> => optional(),
        /// Paths of the files to read instead of `~/.aws/credentials`.
        shared_credentials_files: Vec<String> => optional(),
        /// URLs to use instead of the endpoints of AWS.
        endpoints: Endpoints => optional(),
        /// Number of times that the provider retries a request that AWS throttled or that failed on the way. Default:
        /// 9, or one less than the environment variable `AWS_MAX_ATTEMPTS`. If the environment sets only
        /// `AWS_RETRY_MODE`, the default of the AWS SDK applies.
        max_retries: u32 => optional(),
        /// How the provider retries: `standard` (the default), or `adaptive`, which also slows requests down while AWS
        /// throttles them. When it is not set, the provider uses the environment variable `AWS_RETRY_MODE`.
        retry_mode: RetryMode => optional(),
        /// Whether destroying waits, within the `timeouts` of the resource, until AWS has released the space. AWS does
        /// that some time after the resource that used the space is gone. Default: `true`. With `false`, an allocation
        /// is destroyed as soon as AWS has accepted its release, and a pool or CIDR in which AWS still holds space for
        /// a resource is an error at once. Only with `aws-ipam`.
        wait_for_release: bool => optional(),
        /// Whether to use the FIPS endpoints. Default: `false`, unless the environment or the profile sets it.
        use_fips_endpoint: bool => optional(),
        /// Whether to use the dual-stack endpoints, which can be reached over IPv6. Default: `false`, unless the
        /// environment or the profile sets it.
        use_dualstack_endpoint: bool => optional(),
        /// ID of the IPAM in which the provider creates and looks up scopes and pools. Required when the Region has
        /// several IPAMs. When it is not set, the provider uses the environment variable `IPAM_AWS_IPAM_ID`. Only with
        /// `aws-ipam`.
        ipam_id: String => optional(),
    }
    blocks { assume_role: Vec<AssumeRole>, assume_role_with_web_identity: AssumeRoleWithWebIdentity }
}

model! {
    /// A role to assume. With several blocks, the provider assumes one role after another.
    pub(crate) struct AssumeRole {
        /// ARN of the role.
        role_arn: String => required(),
        /// Name of the session, as AWS CloudTrail shows it. Default: `terraform-provider-ipam`.
        session_name: String => optional(),
        /// External ID that the trust policy of the role requires.
        external_id: String => optional(),
        /// How long the credentials are valid: a duration such as `1h`. When it is not set, AWS STS decides.
        duration: HumanDuration => optional(),
    }
}

model! {
    /// A role to assume with a token of another identity provider, before the roles of `assume_role`.
    pub(crate) struct AssumeRoleWithWebIdentity {
        /// ARN of the role.
        role_arn: String => required(),
        /// Name of the session, as AWS CloudTrail shows it. Default: `terraform-provider-ipam`.
        session_name: String => optional(),
        /// Path of the file that contains the token.
        web_identity_token_file: String => required(),
    }
}

model! {
    /// URLs to use instead of the endpoints of AWS.
    pub(crate) struct Endpoints {
        /// URL of EC2, for all Regions. IPAM is a part of EC2.
        ec2: String => optional(),
        /// URL of AWS STS, for `assume_role`. It is an error together with `assume_role_with_web_identity`: set the
        /// environment variable `AWS_ENDPOINT_URL_STS` there.
        sts: String => optional(),
    }
}

#[cfg(feature = "aws")]
mod open {
    use std::sync::Arc;

    use crate::aws::{AwsIpam, Ec2Scout, Keys, Pace, Role, Settings, WebIdentity};
    use crate::backend::Ipam;
    use crate::backend::scout::Scout;
    use crate::tf::{Diagnostic, Diagnostics, Path};

    use super::{AssumeRole, AwsModel, RetryMode};

    impl AwsModel {
        fn settings(&self) -> Result<Settings, Diagnostics> {
            let keys = match (self.access_key.get(), self.secret_key.get()) {
                (Some(access_key), Some(secret_key)) => Some(Keys {
                    access_key: access_key.reveal(),
                    secret_key: secret_key.reveal(),
                    token: self.token.get().map(super::Secret::reveal),
                }),
                (None, None) if self.token.is_null() => None,
                _ => {
                    let why = "access_key and secret_key must be set together, and token requires both. Set access_key \
                               and secret_key, or leave out all three to use the environment or a profile.";
                    return Err(Diagnostic::error("Incomplete credentials", why).at(here()).into());
                }
            };
            let endpoints = self.endpoints.cloned().unwrap_or_default();
            if self.assume_role_with_web_identity.is_known() && endpoints.sts.is_known() {
                let why = "endpoints.sts applies only to assume_role. For assume_role_with_web_identity, set \
                           AWS_ENDPOINT_URL_STS.";
                return Err(Diagnostic::error("An endpoint that is not used", why).at(here()).into());
            }
            Ok(Settings {
                region: self.region.cloned(),
                profile: self.profile.cloned(),
                keys,
                shared_config_files: self.shared_config_files.cloned().unwrap_or_default(),
                shared_credentials_files: self.shared_credentials_files.cloned().unwrap_or_default(),
                assume_role: self.assume_role.cloned().unwrap_or_default().iter().map(role).collect(),
                web_identity: self.assume_role_with_web_identity.get().map(|identity| WebIdentity {
                    role_arn: identity.role_arn.cloned().unwrap_or_default(),
                    session_name: identity.session_name.cloned(),
                    web_identity_token_file: identity.web_identity_token_file.cloned().unwrap_or_default(),
                }),
                ec2_endpoint: endpoints.ec2.cloned(),
                sts_endpoint: endpoints.sts.cloned(),
                max_retries: self.max_retries.cloned(),
                adaptive_retries: self.retry_mode.get().map(|mode| *mode == RetryMode::Adaptive),
                wait_for_release: self.wait_for_release.cloned(),
                use_fips_endpoint: self.use_fips_endpoint.cloned(),
                use_dualstack_endpoint: self.use_dualstack_endpoint.cloned(),
                ipam_id: self.ipam_id.cloned().or_else(|| std::env::var(IPAM_ID).ok()).filter(|id| !id.is_empty()),
            })
        }
    }

    /// For commands, which have no provider block.
    const IPAM_ID: &str = "IPAM_AWS_IPAM_ID";

    fn role(role: &AssumeRole) -> Role {
        Role {
            role_arn: role.role_arn.cloned().unwrap_or_default(),
            session_name: role.session_name.cloned(),
            external_id: role.external_id.cloned(),
            duration: role.duration.cloned().map(Into::into),
        }
    }

    fn here() -> Path {
        Path::attribute("aws")
    }

    pub(in crate::provider) fn open(block: &AwsModel) -> Result<Arc<dyn Ipam>, Diagnostics> {
        let ipam = AwsIpam::open(&block.settings()?, Pace::default())
            .map_err(|why| Diagnostic::error("AWS cannot be used", why).at(here()))?;
        Ok(Arc::new(ipam))
    }

    pub(in crate::provider) fn scout() -> Option<Arc<dyn Scout>> {
        let settings = AwsModel::default().settings().ok()?;
        Some(Arc::new(Ec2Scout::new(settings)))
    }

    pub(in crate::provider) fn scout_of(block: &AwsModel, store: &str) -> Result<Option<Arc<dyn Scout>>, Diagnostics> {
        super::check_scout(block, store)?;
        Ok(Some(Arc::new(Ec2Scout::new(block.settings()?))))
    }
}

#[cfg(not(feature = "aws"))]
mod open {
    use std::sync::Arc;

    use crate::backend::Ipam;
    use crate::backend::scout::Scout;
    use crate::tf::{Diagnostic, Diagnostics, Path};

    use super::AwsModel;

    pub(in crate::provider) fn open(_block: &AwsModel) -> Result<Arc<dyn Ipam>, Diagnostics> {
        let why = "This provider was built without AWS (cargo feature `aws`). Use another build, or another `store`.";
        Err(Diagnostic::error("AWS is not built in", why).at(Path::attribute("store")).into())
    }

    pub(in crate::provider) const fn scout() -> Option<Arc<dyn Scout>> {
        None
    }

    pub(in crate::provider) fn scout_of(block: &AwsModel, store: &str) -> Result<Option<Arc<dyn Scout>>, Diagnostics> {
        super::check_scout(block, store)?;
        let why = "This provider was built without AWS (cargo feature `aws`), and cannot scan AWS accounts. Remove the \
                   block, or use another build.";
        Err(Diagnostic::error("AWS is not built in", why).at(Path::attribute("aws")).into())
    }
}

pub(super) use open::{open, scout, scout_of};

/// Refuses arguments of the block that are only about AWS IPAM, on a self-managed store.
fn check_scout(block: &AwsModel, store: &str) -> Result<(), Diagnostics> {
    let only_ipam = [(block.ipam_id.is_known(), "ipam_id"), (block.wait_for_release.is_known(), "wait_for_release")];
    let refused = only_ipam.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| {
        let why = format!(
            "`{name}` is for AWS IPAM, and the store is {store}, which uses this block only to scan accounts. Remove \
             the argument, or set `store = \"aws-ipam\"`."
        );
        Diagnostic::error("An argument that is not used", why).at(Path::attribute("aws").then(name))
    });
    let refused: Diagnostics = refused.collect();
    if refused.has_error() { Err(refused) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::{Model, Tf};

    #[test]
    fn credentials_are_sensitive_and_not_in_debug_texts() {
        let secret = Tf::Known(Secret("wJalrXUtnFEMI".to_owned()));
        let model =
            AwsModel { access_key: secret.clone(), secret_key: secret.clone(), token: secret, ..AwsModel::default() };
        assert!(!format!("{model:?}").contains("wJalr"));
        for attribute in AwsModel::block().attributes {
            let is_secret = ["access_key", "secret_key", "token"].contains(&attribute.name);
            assert_eq!(attribute.sensitive, is_secret, "{}", attribute.name);
        }
    }
}
