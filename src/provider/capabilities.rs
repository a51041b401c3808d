//! Refusals, at plan time, of arguments that the configured store does not support. Each error is on the attribute that
//! asks for the unsupported feature.

use crate::backend::{Administration, Ipam};
use crate::ipam::{Error, OnlyAws, OnlySelfManaged, Rules, ScopeType, Strategy, Tags, Unsupported, Words};
use crate::tf::{Diagnostics, Path, Tf, wrong_value};

use super::errors;
use super::shared::Configured;

fn refused(what: Unsupported, at: Path) -> Result<(), Diagnostics> {
    Err(errors::at(&Error::Unsupported { what }, at))
}

/// Refuses tags that the store reserves for its own use.
pub(super) fn tags(configured: &Configured, all: &Tags, at: Path) -> Result<(), Diagnostics> {
    let reserved = configured.ipam.capabilities().reserved_tags;
    let hit = all.keys().find_map(|key| reserved.hit(key));
    hit.map_or(Ok(()), |tag| refused(Unsupported::ReservedTag(tag), at))
}

/// Refuses a strategy other than the default in a store that does not support strategies.
pub(super) fn strategy(configured: &Configured, strategy: &Tf<Strategy>, at: Path) -> Result<(), Diagnostics> {
    let is_own = strategy.get().is_some_and(|strategy| *strategy != Strategy::default());
    if is_own && !configured.ipam.capabilities().strategies { refused(Unsupported::Strategies, at) } else { Ok(()) }
}

/// Refuses reserved space in a store that places objects without a look at it.
pub(super) fn reserved_space(configured: &Configured, rules: Option<&Rules>, at: Path) -> Result<(), Diagnostics> {
    let reserves = rules.is_some_and(Rules::has_reserved);
    if reserves && !configured.ipam.capabilities().strategies {
        refused(Unsupported::OnlySelfManaged(OnlySelfManaged::ReservedSpace), at)
    } else {
        Ok(())
    }
}

/// Refuses an order of the CIDRs of a pool in a store that has its own.
pub(super) fn cidr_order(configured: &Configured, rules: Option<&Rules>, at: Path) -> Result<(), Diagnostics> {
    let has_order = rules.is_some_and(Rules::has_order);
    if has_order && !configured.ipam.capabilities().strategies {
        refused(Unsupported::OnlySelfManaged(OnlySelfManaged::CidrOrder), at)
    } else {
        Ok(())
    }
}

/// Refuses a rest for released space in a store that gives it out at once.
pub(super) fn quarantine(configured: &Configured, rules: Option<&Rules>, at: Path) -> Result<(), Diagnostics> {
    let rests = rules.is_some_and(|rules| rules.quarantine_ms > 0);
    if rests && !configured.ipam.capabilities().strategies {
        refused(Unsupported::OnlySelfManaged(OnlySelfManaged::Quarantine), at)
    } else {
        Ok(())
    }
}

/// Refuses public scopes in a store that does not support them.
pub(super) fn scope_type(configured: &Configured, scope_type: &Tf<ScopeType>, at: Path) -> Result<(), Diagnostics> {
    let is_public = *scope_type == Tf::Known(ScopeType::Public);
    if is_public && !configured.ipam.capabilities().public_scopes {
        refused(Unsupported::PublicScopes, at)
    } else {
        Ok(())
    }
}

/// Refuses a search for a word that the store cannot contain. A self-managed store knows all its words, so any other word
/// is a mistake. AWS may have added words since this release, so every word is accepted there.
pub(super) fn listed<T: Words>(ipam: &dyn Ipam, word: &Tf<T>, at: Path) -> Result<(), Diagnostics> {
    match word.get().map(|word| T::listed(&word.to_string())) {
        Some(Err(why)) if ipam.service().is_none() => Err(wrong_value(&at, why)),
        _ => Ok(()),
    }
}

/// The operations for administrators. Refuses `what` in a store that has none.
pub(super) fn administration(ipam: &dyn Ipam, what: OnlySelfManaged) -> Result<&dyn Administration, Diagnostics> {
    let what = Unsupported::OnlySelfManaged(what);
    ipam.administration().ok_or_else(|| errors::at(&Error::Unsupported { what }, Path::root()))
}

/// Refuses features that only AWS has.
pub(super) fn only_aws(configured: &Configured, what: OnlyAws, at: Path) -> Result<(), Diagnostics> {
    if configured.ipam.capabilities().special { Ok(()) } else { refused(Unsupported::OnlyAws(what), at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Local;
    use crate::ipam::Actor;
    use crate::ipam::discovery::types::{ManagementState, SeenType};

    #[test]
    fn a_self_managed_store_knows_all_of_its_words() {
        let ipam = Local::open("memory:", None, Actor::default()).unwrap();
        let at = || Path::attribute("resource_type");
        for word in ["vpc", "other"] {
            assert_eq!(listed(&ipam, &Tf::Known(word.parse::<SeenType>().unwrap()), at()), Ok(()));
        }
        assert_eq!(listed::<SeenType>(&ipam, &Tf::Null, at()), Ok(()));
        let diagnostics = listed(&ipam, &Tf::Known("lost".parse::<ManagementState>().unwrap()), at()).unwrap_err();
        let diagnostics = diagnostics.iter().next().unwrap();
        assert!(diagnostics.detail.contains("\"lost\" is not one of managed, unmanaged, ignored."), "{diagnostics:?}");
        assert_eq!(diagnostics.path, at());
    }
}
