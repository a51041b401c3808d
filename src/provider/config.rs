//! The provider block.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::files::Below;
use crate::backend::scout::Scout;
use crate::backend::{History, Ipam, Local, actor, current_run};
use crate::ipam::Actor;
use crate::tf::{Configure, Diagnostic, Diagnostics, Tf, encode_field};
use crate::{at, model};

use super::attributes::HumanDuration;
use super::aws::{self, AwsModel, Secret};
use super::errors;
use super::on_missing::OnMissing;
use super::shared::{Configured, Shared};
use super::tags::{Defaults, OpenTags};

/// The store when neither the argument nor the environment names one.
pub(super) const DEFAULT_STORE: &str = "sqlite:ipam.db";
/// The name of the AWS VPC IPAM store.
const AWS_STORE: &str = "aws-ipam";
const DEFAULT_OWNER: &str = "default";
const DEFAULT_PLAN_HOLD: Duration = Duration::from_secs(3600);

model! {
    /// The `ipam` provider manages IP addresses: scopes, pools, provisioned CIDRs and allocations. The plan shows the
    /// addresses, and apply keeps them.
    pub(crate) struct ProviderModel {
        /// The store in which the provider keeps addresses: `sqlite:ipam.db` (the default, a file in the working
        /// directory), `postgres://ipam@db.example/network`, `s3://bucket/prefix`, `gs://bucket/prefix`,
        /// `az://container/prefix`, `file:///srv/ipam`, or `aws-ipam` for AWS VPC IPAM. Every store except `aws-ipam`
        /// is a self-managed store. When the argument is not set, the provider uses the environment variable
        /// `IPAM_STORE`. Do not write passwords and keys into this argument: use `store_password`, or the environment
        /// variables and files that the guide of the store names.
        store: String => optional().sensitive(),
        /// Password of a `postgres://` store, from a sensitive or ephemeral variable. When it is not set, the provider
        /// uses the environment variable `PGPASSWORD` or the password file. Only for PostgreSQL: with any other store,
        /// a password is an error. Other self-managed stores take their credentials from the environment.
        store_password: Secret => optional().sensitive(),
        /// How long a plan holds the addresses that it shows: a duration such as `30m`, `1h` (the default) or `24h`.
        /// With `0s`, plans write nothing to the store. Terraform 1.16 and later then show addresses that nothing
        /// holds, and other clients show them as known after apply. When the argument is not set, the provider uses the
        /// environment variable `IPAM_PLAN_HOLD`. With `aws-ipam`, plans hold nothing, because AWS has no holds.
        plan_hold: HumanDuration => optional(),
        /// Name of the team, state or pipeline that this configuration belongs to, such as `network-team/prod`. When it
        /// is not set, the provider uses the environment variable `IPAM_OWNER`, otherwise `default`. Only the same
        /// owner can use a held name again, and adopt an object that an interrupted apply left behind. Give each
        /// configuration that shares a store a different owner.
        owner: String => optional(),
        /// What the provider does with an object that the Terraform state contains and the store does not. With
        /// `create` (the default), the object counts as deleted, and the plan shows a new one. Use `restore` after the
        /// store was restored from an older backup: the refresh then restores the object with the same ID and CIDR, if
        /// its space is free and no event in the store records its release. Not available with `aws-ipam`.
        on_missing: OnMissing => optional(),
        /// Directories below which a scan may read the `files` of resource discoveries, when a data source with
        /// `max_age` or the action `ipam_discover` starts the scan. For example: `["./inventory"]`. The provider resolves links and `..` before it
        /// compares paths. By default, such a scan reads no files: other people can write the paths into the store, so
        /// this configuration decides which files it reads. The command `discover` has the option `--files-below` for
        /// the same purpose. Not available with `aws-ipam`.
        discovery_files_below: Vec<String> => optional(),
    }
    blocks { default_tags: DefaultTags, aws: AwsModel }
}

model! {
    /// Tags for every object that the provider creates.
    pub(crate) struct DefaultTags {
        /// Map of tags that the provider adds to every object. A tag in the `tags` of an object overrides the default
        /// tag with the same key. `tags_all` of an object contains both. When a value is known only after apply, only
        /// `tags_all` is unknown in the plan.
        tags: OpenTags => optional(),
    }
}

pub(super) struct IpamProvider(pub(super) Arc<Shared>);

impl Configure for IpamProvider {
    type Model = ProviderModel;

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        let mut diagnostics = check_password(config);
        if config.owner.get().is_some_and(|owner| owner.trim().is_empty()) {
            diagnostics.push(
                Diagnostic::error(
                    "Empty owner",
                    "Set a name for this configuration, such as \"network-team/prod\", or leave `owner` out.",
                )
                .at(at!(ProviderModel, owner)),
            );
        }
        if config.discovery_files_below.get().is_some_and(|paths| paths.iter().any(|path| path.trim().is_empty())) {
            diagnostics.push(
                Diagnostic::error(
                    "Empty path",
                    "Name a directory, such as \"./inventory\". For the working directory, write \".\".",
                )
                .at(at!(ProviderModel, discovery_files_below)),
            );
        }
        diagnostics
    }

    fn configure(&self, config: ProviderModel, _terraform_version: &str) -> Result<(), Diagnostics> {
        let default_tags = match &config.default_tags {
            Tf::Known(block) => block.tags.clone(),
            Tf::Unknown => Tf::Unknown,
            Tf::Null => Tf::Null,
        };
        if config.store.is_unknown()
            || config.store_password.is_unknown()
            || config.plan_hold.is_unknown()
            || config.on_missing.is_unknown()
            || config.owner.is_unknown()
            || config.discovery_files_below.is_unknown()
            || !encode_field(&config.aws).is_wholly_known()
        {
            self.0.configure(None);
            return Ok(());
        }
        let configured = open(&config, default_tags.into())?;
        self.0.configure(Some(configured));
        Ok(())
    }
}

/// Checks how the configuration gives the password of the store. The diagnostics point at no attribute, because
/// Terraform would print its value.
fn check_password(config: &ProviderModel) -> Diagnostics {
    let has_one = config.store.get().is_some_and(|store| Local::has_password(store));
    if has_one && password_of(config).is_some() {
        let why =
            "The URL in `store` has a password, and `store_password` is set as well. Remove the password from the URL.";
        return Diagnostic::error("Two passwords", why).into();
    }
    if has_one {
        let why = "The URL in `store` has a password. Terraform may show the line that contains the password, and \
                   writes the password into its logs. Remove the password from the URL, and set it in `store_password` \
                   from a sensitive variable, in the environment variable PGPASSWORD, or in a password file.";
        return Diagnostic::warning("A password in the store URL", why).into();
    }
    Diagnostics::new()
}

/// The argument, or the value of its environment variable.
fn setting(argument: Option<String>, variable: &str) -> Option<String> {
    argument.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty())
}

/// The owner from the argument, or else from the environment.
pub(super) fn owner(argument: Option<String>) -> String {
    setting(argument, "IPAM_OWNER").unwrap_or_else(|| DEFAULT_OWNER.to_owned())
}

fn open(config: &ProviderModel, default_tags: Defaults) -> Result<Configured, Diagnostics> {
    let variable = |name: &str| std::env::var(name).ok();
    let store = setting(config.store.cloned(), "IPAM_STORE").unwrap_or_else(|| DEFAULT_STORE.to_owned());
    let owner = owner(config.owner.cloned());
    let plan_hold = match (config.plan_hold.get(), setting(None, "IPAM_PLAN_HOLD")) {
        (Some(duration), _) => duration.0,
        (None, Some(text)) => text.parse::<HumanDuration>().map(|duration| duration.0).map_err(|sentence| {
            Diagnostic::error("Invalid IPAM_PLAN_HOLD", sentence).at(at!(ProviderModel, plan_hold))
        })?,
        (None, None) => DEFAULT_PLAN_HOLD,
    };
    let ipam = open_store(config, &store, actor(&owner, variable))?;
    let plan_hold = if ipam.holds().is_some() { plan_hold } else { Duration::ZERO };
    tracing::info!(store = ipam.describe(), owner, "opened");
    let on_missing = config.on_missing.cloned().unwrap_or_default();
    Ok(Configured { ipam, plan_hold, default_tags, on_missing })
}

/// The password of the store. An empty one counts as not set.
fn password_of(config: &ProviderModel) -> Option<String> {
    config.store_password.get().map(Secret::reveal).filter(|password| !password.is_empty())
}

/// Refuses arguments that this kind of store does not use.
fn check_used(config: &ProviderModel, kind: &str) -> Result<(), Diagnostics> {
    let unused = |why: String| Diagnostic::error("An argument that is not used", why);
    if password_of(config).is_some() && !["postgres", "postgresql"].contains(&kind) {
        let why = format!("`store_password` is for PostgreSQL, and the store is {kind}. Remove it.");
        return Err(unused(why).at(at!(ProviderModel, store_password)).into());
    }
    if config.discovery_files_below.is_known() && kind == AWS_STORE {
        let why = "AWS IPAM scans by itself, and does not read files. Remove the argument, or use another store.";
        return Err(unused(why.to_owned()).at(at!(ProviderModel, discovery_files_below)).into());
    }
    if config.on_missing == Tf::Known(OnMissing::Restore) && kind == AWS_STORE {
        let why =
            "AWS gives every object a new id, and cannot restore an object. Remove the argument, or use another store.";
        return Err(unused(why.to_owned()).at(at!(ProviderModel, on_missing)).into());
    }
    Ok(())
}

fn open_store(config: &ProviderModel, store: &str, actor: Actor) -> Result<Arc<dyn Ipam>, Diagnostics> {
    check_used(config, kind_of(store))?;
    if store == AWS_STORE {
        return aws::open(&config.aws.cloned().unwrap_or_default());
    }
    let scout = match config.aws.get() {
        Some(block) => aws::scout_of(block, kind_of(store))?,
        None => aws::scout(),
    };
    let local = Local::open(store, password_of(config), actor)
        .and_then(|local| {
            let below = Below::new(config.discovery_files_below.cloned().unwrap_or_default());
            let run = current_run(|name| std::env::var(name).ok());
            let local = local.in_run(run).with_scout(scout).with_files_below(below);
            // An unusable store is reported once here, at the argument that names it, and not once for each resource.
            local.events(0, 1)?;
            Ok(local)
        })
        .map_err(|error| errors::at(&error, at!(ProviderModel, store)))?;
    Ok(Arc::new(local))
}

/// A service, with its name in `store`.
pub type NamedService = (&'static str, Arc<dyn Ipam>);

/// The service that `store` names, with access from the environment. `None` for a self-managed store.
pub(super) fn service(store: &str) -> Option<Result<NamedService, String>> {
    let sentences = |diagnostics: Diagnostics| {
        diagnostics.into_iter().map(|one| format!("{}. {}", one.summary, one.detail)).collect::<Vec<_>>().join(" ")
    };
    let open = || aws::open(&AwsModel::default()).map(|ipam| (AWS_STORE, ipam)).map_err(sentences);
    (store == AWS_STORE).then(open)
}

/// Scans AWS accounts for a self-managed store, with access from the environment. `None` in a build without AWS.
pub(super) fn scout() -> Option<Arc<dyn Scout>> {
    aws::scout()
}

/// The scheme of a store URL, if it is a known kind of store. Any other text may be or contain a password.
fn kind_of(store: &str) -> &'static str {
    let is_aws = store.split(':').next().is_some_and(|start| start.eq_ignore_ascii_case(AWS_STORE));
    if is_aws { AWS_STORE } else { Local::scheme_of(store).unwrap_or("of an unknown kind") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::{Path, Severity};

    fn diagnostics_of(store: Tf<String>, store_password: Tf<Secret>) -> Vec<Diagnostic> {
        let config = ProviderModel { store, store_password, ..ProviderModel::default() };
        IpamProvider(Arc::default()).validate(&config).into_iter().collect()
    }

    fn known(text: &str) -> Tf<String> {
        Tf::Known(text.to_owned())
    }

    #[test]
    fn a_password_in_the_url_is_a_warning_on_the_block_that_says_what_to_use_instead() {
        let warned = diagnostics_of(known("postgres://me:s3cret@db.example/ipam"), Tf::Null);
        let [warning] = warned.as_slice() else { panic!("{warned:?}") };
        assert_eq!((warning.severity, &warning.path), (Severity::Warning, &Path::root()));
        assert!(warning.detail.contains("store_password") && warning.detail.contains("PGPASSWORD"), "{warning:?}");
        assert!(!warning.detail.contains("s3cret"), "{warning:?}");
        for store in [Tf::Unknown, Tf::Null, known("postgres://me@db.example/ipam"), known("sqlite:a:b@c.db")] {
            assert_eq!(diagnostics_of(store.clone(), Tf::Null), [], "{store:?}");
            assert_eq!(diagnostics_of(store.clone(), Tf::Unknown), [], "{store:?}");
        }
        let twice = diagnostics_of(known("postgres://me:s3cret@db.example/ipam"), Tf::Known(Secret::new("s3cret")));
        assert_eq!((twice.len(), twice[0].severity, &twice[0].path), (1, Severity::Error, &Path::root()));
    }

    #[test]
    fn only_the_kind_of_a_store_is_taken_from_its_url() {
        for (store, kind) in [
            ("postgres://me:s3cret@db.example/ipam", "postgres"),
            ("SQLite:s3cret.db", "sqlite"),
            ("aws-ipam", "aws-ipam"),
            ("s3cret", "of an unknown kind"),
            ("s3cret:", "of an unknown kind"),
            ("host=db.example password=s3cret", "of an unknown kind"),
        ] {
            assert_eq!(kind_of(store), kind, "{store}");
        }
    }

    #[test]
    fn arguments_that_the_store_does_not_use_are_refused() {
        let with_password =
            ProviderModel { store_password: Tf::Known(Secret::new("s3cret")), ..ProviderModel::default() };
        let with_files =
            ProviderModel { discovery_files_below: Tf::Known(vec![".".to_owned()]), ..ProviderModel::default() };
        for (config, kind, is_used) in [
            (&with_password, "postgres", true),
            (&with_password, "postgresql", true),
            (&with_password, "sqlite", false),
            (&with_password, "aws-ipam", false),
            (&with_files, "sqlite", true),
            (&with_files, "aws-ipam", false),
        ] {
            assert_eq!(check_used(config, kind).is_ok(), is_used, "{kind}");
        }
    }
}
