//! What the place where everything is kept cannot do, told at plan time on the attribute that asks for it.

use crate::ipam::{Error, OnlyAws, ScopeType, Strategy, Tags, Unsupported};
use crate::tf::{Diagnostics, Path, Tf};

use super::errors;
use super::shared::Configured;

fn refused(what: Unsupported, at: Path) -> Result<(), Diagnostics> {
    Err(errors::at(&Error::Unsupported { what }, at))
}

/// Tags with a meaning of their own.
pub(super) fn tags(configured: &Configured, all: &Tf<Tags>, at: Path) -> Result<(), Diagnostics> {
    let reserved = configured.ipam.capabilities().reserved_tags;
    let hit = all.get().and_then(|all| all.keys().find_map(|key| reserved.hit(key)));
    hit.map_or(Ok(()), |tag| refused(Unsupported::ReservedTag(tag), at))
}

/// How blocks are chosen.
pub(super) fn strategy(configured: &Configured, strategy: &Tf<Strategy>, at: Path) -> Result<(), Diagnostics> {
    let is_own = strategy.get().is_some_and(|strategy| *strategy != Strategy::default());
    if is_own && !configured.ipam.capabilities().strategies { refused(Unsupported::Strategies, at) } else { Ok(()) }
}

/// Scopes of this type.
pub(super) fn scope_type(configured: &Configured, scope_type: &Tf<ScopeType>, at: Path) -> Result<(), Diagnostics> {
    let is_public = *scope_type == Tf::Known(ScopeType::Public);
    if is_public && !configured.ipam.capabilities().public_scopes {
        refused(Unsupported::PublicScopes, at)
    } else {
        Ok(())
    }
}

/// What only AWS has.
pub(super) fn only_aws(configured: &Configured, what: OnlyAws, at: Path) -> Result<(), Diagnostics> {
    if configured.ipam.capabilities().special { Ok(()) } else { refused(Unsupported::OnlyAws(what), at) }
}
