//! The provider block.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::files::Below;
use crate::backend::scout::Scout;
use crate::backend::{Ipam, Local, actor};
use crate::ipam::{Actor, Tags};
use crate::tf::{Configure, Diagnostic, Diagnostics, Tf, encode_field};
use crate::{at, model};

use super::attributes::HumanDuration;
use super::aws::{self, AwsModel};
use super::shared::{Configured, Shared};
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
        /// passwords and keys out of it: the guides of the stores name the environment variables and files for them.
        store: String => optional(),
        /// How long a plan holds the addresses it shows, such as `30m`, `1h` (the default) or `24h`. `0s`: plans
        /// write nothing, and show addresses as known after apply. Also from `IPAM_PLAN_HOLD`. With `aws-ipam` plans
        /// never hold anything: AWS has no such thing.
        plan_hold: HumanDuration => optional(),
        /// Who this configuration is, such as `network-team/prod`; `default` when not set. Names are held, and
        /// objects that an interrupted apply left behind are taken up again, for the same owner only: give every
        /// configuration that shares a store its own. Also from `IPAM_OWNER`.
        owner: String => optional(),
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
        /// Added to the `tags` of every object, which overrule them. `tags_all` shows both.
        tags: BTreeMap<String, String> => optional(),
    }
}

pub(super) struct IpamProvider(pub(super) Arc<Shared>);

impl Configure for IpamProvider {
    type Model = ProviderModel;

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if config.owner.get().is_some_and(|owner| owner.trim().is_empty()) {
            diagnostics.push(
                Diagnostic::error(
                    "Empty owner",
                    "Say who this configuration is, such as \"network-team/prod\", or leave it out.",
                )
                .at(at!(ProviderModel, owner)),
            );
        }
        if config.discovery_files_below.get().is_some_and(|paths| paths.iter().any(|path| path.trim().is_empty())) {
            diagnostics.push(
                Diagnostic::error(
                    "Empty path",
                    "Name a directory, such as \"./inventory\". For the working directory write \".\".",
                )
                .at(at!(ProviderModel, discovery_files_below)),
            );
        }
        diagnostics
    }

    fn configure(&self, config: ProviderModel, _terraform_version: &str) -> Result<(), Diagnostics> {
        let default_tags = match &config.default_tags {
            Tf::Known(block) => block.tags.clone(),
            _ => Tf::Null,
        };
        if config.store.is_unknown()
            || config.plan_hold.is_unknown()
            || config.owner.is_unknown()
            || config.discovery_files_below.is_unknown()
            || default_tags.is_unknown()
            || !encode_field(&config.aws).is_wholly_known()
        {
            self.0.configure(None);
            return Ok(());
        }
        let configured = open(&config, default_tags.cloned().unwrap_or_default())?;
        self.0.configure(Some(configured));
        Ok(())
    }
}

fn open(config: &ProviderModel, default_tags: Tags) -> Result<Configured, Diagnostics> {
    let variable = |name: &str| std::env::var(name).ok();
    let setting = |own: Option<String>, name: &str| own.or_else(|| variable(name)).filter(|value| !value.is_empty());
    let store = setting(config.store.cloned(), "IPAM_STORE").unwrap_or_else(|| DEFAULT_STORE.to_owned());
    let owner = setting(config.owner.cloned(), "IPAM_OWNER").unwrap_or_else(|| DEFAULT_OWNER.to_owned());
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
    Ok(Configured { ipam, plan_hold, default_tags })
}

fn open_store(config: &ProviderModel, store: &str, actor: Actor) -> Result<Arc<dyn Ipam>, Diagnostics> {
    if store == AWS_STORE {
        if config.discovery_files_below.is_known() {
            let why = "AWS IPAM looks by itself, and into no file. Remove the argument, or use another store.";
            let unused = Diagnostic::error("An argument that is not used", why);
            return Err(unused.at(at!(ProviderModel, discovery_files_below)).into());
        }
        return aws::open(&config.aws.cloned().unwrap_or_default());
    }
    let scout = match config.aws.get() {
        Some(block) => aws::scout_of(block, kind_of(store))?,
        None => aws::scout(),
    };
    let local = Local::open(store, actor)
        .and_then(|local| {
            let below = Below::new(config.discovery_files_below.cloned().unwrap_or_default());
            let local = local.with_scout(scout).with_files_below(below);
            // A store that cannot be used is told here, on the attribute that names it, and not once for each resource.
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

/// What a store's URL begins with: the rest may hold a password.
fn kind_of(store: &str) -> &str {
    store.split_once(':').map_or(store, |(kind, _)| kind)
}
