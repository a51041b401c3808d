//! The provider block.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::files::Below;
use crate::backend::scout::Scout;
use crate::backend::{Ipam, Local, actor, current_run};
use crate::ipam::Actor;
use crate::tf::{Configure, Diagnostic, Diagnostics, Tf, encode_field};
use crate::{at, model};

use super::attributes::HumanDuration;
use super::aws::{self, AwsModel, Secret};
use super::on_missing::OnMissing;
use super::shared::{Configured, Shared};
use super::tags::{Defaults, OpenTags};
use super::{NamedService, errors};

/// Where addresses are kept when nobody says.
pub(super) const DEFAULT_STORE: &str = "sqlite:ipam.db";
/// AWS VPC IPAM.
const AWS_STORE: &str = "aws-ipam";
const DEFAULT_OWNER: &str = "default";
const DEFAULT_PLAN_HOLD: Duration = Duration::from_secs(3600);

model! {
    /// IP address management: scopes, pools, provisioned CIDRs, allocations. The plan shows every address, and
    /// apply keeps it.
    pub(crate) struct ProviderModel {
        /// Where addresses are kept: `sqlite:ipam.db` (the default, a file in the working directory),
        /// `postgres://ipam@db.example/network`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`,
        /// `file:///srv/ipam`, or `aws-ipam` for AWS VPC IPAM. Also from the environment variable `IPAM_STORE`. Keep
        /// passwords and keys out of it: there is `store_password`, and the guides of the stores name the environment variables
        /// and files for them.
        store: String => optional().sensitive(),
        /// Password of a `postgres://` store, from a sensitive or ephemeral variable. When not set, from the environment
        /// variable `PGPASSWORD` or the password file. Only for PostgreSQL: what other stores need comes from the environment.
        store_password: Secret => optional().sensitive(),
        /// How long a plan holds the addresses it shows, such as `30m`, `1h` (the default) or `24h`. `0s`: plans
        /// write nothing, and show addresses as known after apply. Also from `IPAM_PLAN_HOLD`. With `aws-ipam` plans
        /// never hold anything: AWS has no such thing.
        plan_hold: HumanDuration => optional(),
        /// Who this configuration is, such as `network-team/prod`; `default` when not set. Names are held, and
        /// objects that an interrupted apply left behind are taken up again, for the same owner only: give every
        /// configuration that shares a store its own. Also from `IPAM_OWNER`.
        owner: String => optional(),
        /// What happens to an object that a state has and the store has not. `create` (the default): it counts as deleted, and
        /// the plan shows a new one. `restore`, after the store was restored from an older backup: the refresh brings it back
        /// with the same id and block, when its space is free and no event in the store says that it was released. Not with
        /// `aws-ipam`.
        on_missing: OnMissing => optional(),
        /// Directories below which the look of a data source with `max_age` reads the `files` of resource discoveries, such
        /// as `["./inventory"]`. Paths count after links and `..` are resolved. None when not set: a discovery comes out of
        /// the store, which others may write, so that what is read on this machine is said here. The command `discover` has
        /// `--files-below` for it. Not with `aws-ipam`.
        discovery_files_below: Vec<String> => optional(),
    }
    blocks { default_tags: DefaultTags, aws: AwsModel }
}

model! {
    /// Tags for everything this provider makes.
    pub(crate) struct DefaultTags {
        /// Added to the `tags` of every object, which overrule them. `tags_all` shows both. Values that are known only after
        /// apply leave nothing but `tags_all` unknown in a plan.
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

/// What is wrong with how the password of the store is given. Nothing here points at an attribute: Terraform would print it.
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

/// An argument, or what the environment variable says that stands for it.
fn setting(argument: Option<String>, variable: &str) -> Option<String> {
    argument.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty())
}

/// The owner that the argument names, or else the environment.
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
    let plan_hold = if ipam.capabilities().holds { plan_hold } else { Duration::ZERO };
    tracing::info!(store = ipam.describe(), owner, "opened");
    let on_missing = config.on_missing.cloned().unwrap_or_default();
    Ok(Configured { ipam, plan_hold, default_tags, on_missing })
}

/// The password for the store; an empty one is none.
fn password_of(config: &ProviderModel) -> Option<String> {
    config.store_password.get().map(Secret::reveal).filter(|password| !password.is_empty())
}

/// Arguments that are of no use with this kind of store.
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
    let local = Local::open_with(store, password_of(config), actor)
        .and_then(|local| {
            let below = Below::new(config.discovery_files_below.cloned().unwrap_or_default());
            let run = current_run(|name| std::env::var(name).ok());
            let local = local.in_run(run).with_scout(scout).with_files_below(below);
            // A store that cannot be used is told here, about the argument that names it, and not once for each resource.
            local.events(0, 1)?;
            Ok(local)
        })
        .map_err(|error| errors::at(&error, at!(ProviderModel, store)))?;
    Ok(Arc::new(local))
}

/// The service that `store` names, reached as the environment says; `None`: a store of our own.
pub(super) fn service(store: &str) -> Option<Result<NamedService, String>> {
    let sentences = |diagnostics: Diagnostics| {
        diagnostics.into_iter().map(|one| format!("{}. {}", one.summary, one.detail)).collect::<Vec<_>>().join(" ")
    };
    let open = || aws::open(&AwsModel::default()).map(|ipam| (AWS_STORE, ipam)).map_err(sentences);
    (store == AWS_STORE).then(open)
}

/// Who looks into accounts of AWS for a store of our own, as the environment says; `None` in a build without AWS.
pub(super) fn scout() -> Option<Arc<dyn Scout>> {
    aws::scout()
}

/// What a store's URL begins with, when that is a kind of store: anything else may be or hold a password.
fn kind_of(store: &str) -> &'static str {
    let kinds = ["sqlite", "postgres", "postgresql", "s3", "gs", "az", "file", "memory", AWS_STORE];
    let (kind, _) = store.split_once(':').unwrap_or((store, ""));
    kinds.into_iter().find(|known| kind.eq_ignore_ascii_case(known)).unwrap_or("of an unknown kind")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::{Path, Severity};

    fn told(store: Tf<String>, store_password: Tf<Secret>) -> Vec<Diagnostic> {
        let config = ProviderModel { store, store_password, ..ProviderModel::default() };
        IpamProvider(Arc::default()).validate(&config).into_iter().collect()
    }

    fn known(text: &str) -> Tf<String> {
        Tf::Known(text.to_owned())
    }

    #[test]
    fn a_password_in_the_url_is_a_warning_on_the_block_that_says_what_to_use_instead() {
        let warned = told(known("postgres://me:s3cret@db.example/ipam"), Tf::Null);
        let [warning] = warned.as_slice() else { panic!("{warned:?}") };
        assert_eq!((warning.severity, &warning.path), (Severity::Warning, &Path::root()));
        assert!(warning.detail.contains("store_password") && warning.detail.contains("PGPASSWORD"), "{warning:?}");
        assert!(!warning.detail.contains("s3cret"), "{warning:?}");
        for store in [Tf::Unknown, Tf::Null, known("postgres://me@db.example/ipam"), known("sqlite:a:b@c.db")] {
            assert_eq!(told(store.clone(), Tf::Null), [], "{store:?}");
            assert_eq!(told(store.clone(), Tf::Unknown), [], "{store:?}");
        }
        let twice = told(known("postgres://me:s3cret@db.example/ipam"), Tf::Known(Secret::new("s3cret")));
        assert_eq!((twice.len(), twice[0].severity, &twice[0].path), (1, Severity::Error, &Path::root()));
    }

    #[test]
    fn only_a_kind_of_store_is_ever_told_of_a_url() {
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
    fn arguments_of_no_use_with_the_store_are_refused() {
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
