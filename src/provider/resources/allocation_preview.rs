//! The preview of a new allocation: the block that a plan showed and did not hold. Clients carry it from the first plan
//! to the second and to apply.

use crate::ipam::Cidr;
use crate::tf::{Diagnostic, Diagnostics, Private};

/// Keys in the private data of the plan.
const PREVIEW_ID: &str = "preview_id";
const PREVIEW_CIDR: &str = "preview_cidr";

/// The ID and the block that a plan showed.
pub(super) struct Preview {
    /// Empty if the backend assigns the ID when it creates the object.
    pub(super) id: String,
    pub(super) cidr: Cidr,
}

impl Preview {
    /// The preview in the private data of a plan.
    pub(super) fn of(private: &Private) -> Option<Self> {
        let text = |key: &str| private.get(key).and_then(|value| value.as_str());
        let cidr = text(PREVIEW_CIDR).and_then(|text| text.parse().ok());
        text(PREVIEW_ID).map(str::to_owned).zip(cidr).map(|(id, cidr)| Self { id, cidr })
    }

    /// Puts the preview into the private data of a plan.
    pub(super) fn carry(self, private: &mut Private) {
        private.insert(PREVIEW_ID.to_owned(), self.id.into());
        private.insert(PREVIEW_CIDR.to_owned(), self.cidr.to_string().into());
    }
}

/// Explains an error about a block that a plan showed and did not hold.
pub(super) fn plan_again(diagnostics: Diagnostics, shown: Cidr) -> Diagnostics {
    let more = format!(
        " The plan showed {shown}, which was free then but is not held for this plan. Nothing was changed: plan again."
    );
    diagnostics.into_iter().map(|one| Diagnostic { detail: one.detail + &more, ..one }).collect()
}
