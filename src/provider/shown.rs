//! What a plan shows of a new object that it cannot hold. Clients carry it from the first plan to the second one and to
//! apply (Terraform 1.16 and later).
//!
//! It comes back out of a plan file, so it is not trusted: it names an ID and a block, and the second plan holds exactly
//! these by the rules for any other object, or fails.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backend::{Holdable, Ipam, Terms};
use crate::ipam::{Cidr, Error, GivenUp, Kind, Shown};
use crate::tf::{Diagnostic, Diagnostics, Path, Private};

use super::errors;

/// Key in the private data of the plan.
const KEY: &str = "shown";
/// Keys of plans that were made before there was a version.
const OLD_ID: &str = "preview_id";
const OLD_CIDR: &str = "preview_cidr";
/// Version of the data.
pub(super) const VERSION: u64 = 1;

/// What a plan showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Carried {
    version: u64,
    /// Empty if the backend assigns the ID when it creates the object.
    pub(super) id: String,
    /// The block, if the object has exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cidr: Option<Cidr>,
    /// The pool of an allocation, which a plan may have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pool_id: Option<String>,
    /// Space that the same apply releases and that the object needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waits_for: Vec<GivenUp>,
    /// ID of the object whose name the new object takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    only_name: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_place: bool,
}

impl Carried {
    /// The ID and the block of an object of a service.
    pub(super) fn block(id: &str, cidr: Cidr) -> Self {
        Self { version: VERSION, id: id.to_owned(), cidr: Some(cidr), ..Self::default() }
    }

    /// What a plan shows by a preview that was made with `terms`.
    pub(super) fn preview<T: Holdable>(record: &T, terms: &Terms) -> Self {
        let meta = record.meta();
        Self {
            version: VERSION,
            id: meta.id.clone(),
            cidr: record.block(),
            pool_id: (T::KIND == Kind::Allocation).then(|| record.container().to_owned()),
            waits_for: meta.waits_for.iter().filter(|one| !one.in_place).cloned().collect(),
            replaces: terms.replaces.clone(),
            only_name: terms.only_name,
            in_place: terms.in_place,
        }
    }

    /// Puts it into the private data of a plan.
    pub(super) fn carry(&self, private: &mut Private) {
        if let Ok(value) = serde_json::to_value(self) {
            private.insert(KEY.to_owned(), value);
        }
    }

    /// What the private data of a plan contains.
    ///
    /// # Errors
    /// When a newer release wrote it, or the plan file is damaged.
    pub(super) fn of(private: &Private) -> Result<Option<Self>, Diagnostics> {
        let Some(value) = private.get(KEY) else { return Ok(Self::of_old(private)) };
        read(value).map(Some)
    }

    /// [`Self::of`] for an object of a self-managed store.
    ///
    /// # Errors
    /// As [`Self::of`], and when the ID is not one of this kind of object.
    pub(super) fn of_kind(private: &Private, kind: Kind) -> Result<Option<Self>, Diagnostics> {
        let found = Self::of(private)?;
        match &found {
            Some(carried) if !is_id_of(kind, &carried.id) => Err(damaged()),
            _ => Ok(found),
        }
    }

    /// Checks that the apply of this plan can release and replace what it names.
    ///
    /// # Errors
    /// When an object of another owner is among it, and those of the backend.
    pub(super) fn check_owner(&self, ipam: &dyn Ipam) -> Result<(), Diagnostics> {
        check_owners(ipam, self.waits_for.iter().map(|one| &one.id).chain(&self.replaces))
    }

    /// A plan file that was written before the data had a version.
    fn of_old(private: &Private) -> Option<Self> {
        let text = |key: &str| private.get(key).and_then(|value| value.as_str());
        Some(Self::block(text(OLD_ID)?, text(OLD_CIDR)?.parse().ok()?))
    }

    /// The terms of a hold of exactly this.
    pub(super) fn set(&self, terms: &mut Terms) {
        terms.shown = Some(Shown { id: self.id.clone(), cidr: self.cidr });
        terms.given_up = self.waits_for.iter().filter(|one| !one.in_place).cloned().collect();
        (terms.replaces, terms.only_name, terms.in_place) = (self.replaces.clone(), self.only_name, self.in_place);
    }
}

/// What a plan of this release or an older one put into the private data.
///
/// # Errors
/// When a newer release wrote it, or the plan file is damaged.
pub(super) fn read<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Diagnostics> {
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    if version.is_some_and(|version| version > VERSION) {
        let detail = "A newer release of the provider made this plan, and this release cannot read what the plan showed. \
                      Nothing was changed: apply with that release, or plan again.";
        return Err(Diagnostic::error("The plan is of a newer release", detail).into());
    }
    T::deserialize(value).map_err(|_| damaged())
}

/// Checks that the apply of a plan can release and replace these objects.
///
/// # Errors
/// When an object of another owner is among them, and those of the backend.
pub(super) fn check_owners<'a>(ipam: &dyn Ipam, ids: impl Iterator<Item = &'a String>) -> Result<(), Diagnostics> {
    for id in ids {
        let owner = owner_of(ipam, id).map_err(|error| errors::at(&error, Path::root()))?;
        if owner.is_some_and(|owner| Some(owner.as_str()) != ipam.owner()) {
            let detail = format!(
                "The plan replaces {id} or takes its space, and the object belongs to another owner. Nothing was changed: \
                 plan again."
            );
            return Err(Diagnostic::error("The plan takes from another owner", detail).into());
        }
    }
    Ok(())
}

/// The owner of the object with this ID, if it exists.
fn owner_of(ipam: &dyn Ipam, id: &str) -> Result<Option<String>, Error> {
    Ok(match Kind::of_id(id) {
        Some(Kind::Scope) => ipam.get_scope(id)?.map(|found| found.meta.owner),
        Some(Kind::Pool) => ipam.get_pool(id)?.map(|found| found.meta.owner),
        Some(Kind::PoolCidr) => ipam.get_pool_cidr(id)?.map(|found| found.meta.owner),
        Some(Kind::Allocation) => ipam.get_allocation(id)?.map(|found| found.meta.owner),
        _ => None,
    })
}

/// Whether `id` has the form in which a self-managed store gives IDs to objects of this kind.
pub(super) fn is_id_of(kind: Kind, id: &str) -> bool {
    let own = id.strip_prefix(kind.id_prefix()).unwrap_or_default();
    own.len() == 17 && own.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

pub(super) fn damaged() -> Diagnostics {
    let detail = "The plan file does not say in a readable form what the plan showed of this object. Nothing was changed: \
                  plan again.";
    Diagnostic::error("The plan file is damaged", detail).into()
}

/// Explains an error about an object that a plan showed and did not hold.
pub(super) fn plan_again(diagnostics: Diagnostics, shown: Option<Cidr>) -> Diagnostics {
    let what = shown.map_or_else(|| "a place".to_owned(), |cidr| cidr.to_string());
    let more = format!(
        " The plan showed {what}, which was free then but is not held for this plan. Nothing was changed: plan again."
    );
    diagnostics.into_iter().map(|one| Diagnostic { detail: one.detail + &more, ..one }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "ipam-pool-alloc-0123456789abcdef0";

    fn private(content: serde_json::Value) -> Private {
        let serde_json::Value::Object(private) = content else { panic!("{content}") };
        private
    }

    fn read(content: serde_json::Value) -> Result<Option<Carried>, String> {
        let found = Carried::of_kind(&private(content), Kind::Allocation);
        found.map_err(|errors| errors.into_iter().map(|one| one.summary).collect())
    }

    #[test]
    fn what_a_plan_carries_is_read_again() {
        let block = "10.0.0.0/24".parse().unwrap();
        let given_up = GivenUp { id: "ipam-pool-alloc-1".into(), cidr: Some(block), in_place: false };
        let carried = Carried {
            waits_for: vec![given_up],
            replaces: Some("ipam-pool-alloc-2".into()),
            in_place: true,
            ..Carried::block(ID, block)
        };
        let mut private = Private::new();
        carried.carry(&mut private);
        assert_eq!(Carried::of_kind(&private, Kind::Allocation).unwrap(), Some(carried));
        assert_eq!(read(json!({"replaces": "x"})), Ok(None), "a plan that held the object");
    }

    #[test]
    fn plans_of_older_and_newer_releases_are_read_or_refused_in_words() {
        let old = json!({"preview_id": ID, "preview_cidr": "10.0.0.0/24"});
        assert_eq!(read(old), Ok(Some(Carried::block(ID, "10.0.0.0/24".parse().unwrap()))));
        let unknown_field = json!({"shown": {"version": 1, "id": ID, "cidr": "10.0.0.0/24", "colour": "blue"}});
        assert_eq!(read(unknown_field), Ok(Some(Carried::block(ID, "10.0.0.0/24".parse().unwrap()))));
        let newer = json!({"shown": {"version": 2, "blocks": ["10.0.0.0/24"]}});
        assert_eq!(read(newer), Err("The plan is of a newer release".into()));
    }

    #[test]
    fn a_damaged_plan_is_refused() {
        for shown in [
            json!("text"),
            json!({}),
            json!({"version": 1}),
            json!({"version": 1, "id": ID, "cidr": "10.0.0.0/99"}),
            json!({"version": 1, "id": "ipam-pool-0123456789abcdef0"}),
            json!({"version": 1, "id": "ipam-pool-alloc-../../meta/format"}),
            json!({"version": 1, "id": "", "cidr": "10.0.0.0/24"}),
        ] {
            assert_eq!(read(json!({"shown": shown})), Err("The plan file is damaged".into()), "{shown}");
        }
    }
}
