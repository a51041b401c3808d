//! Imports of objects of another owner. Such an import succeeds and does not change the owner.

use crate::backend::explain;
use crate::ipam::{Kind, NO_OWNER};
use crate::tf::{Diagnostic, Diagnostics, Tf};

use super::super::shared::Shared;

/// Warns when an imported object belongs to another owner. An import does not change the owner.
pub(in crate::provider) fn warn(
    shared: &Shared,
    kind: Kind,
    id: &Tf<String>,
    called: &str,
    owner: &Tf<String>,
) -> Diagnostics {
    let ready = shared.ready().ok();
    let me = ready.as_ref().and_then(|configured| configured.ipam.owner());
    let (Some(id), Some(owner), Some(me)) = (id.get(), owner.get(), me) else { return Diagnostics::new() };
    if owner == me || owner == NO_OWNER {
        return Diagnostics::new();
    }
    let word = kind.word();
    let detail = format!(
        "{} {called:?} ({id}) was imported, and it still belongs to owner {owner:?}. The configuration of {owner:?} \
         may also have it in its state. If you change, replace or destroy it here, that configuration loses it. To \
         manage it here from now on, transfer it, and remove it from the state of the other configuration (`terraform \
         state rm`):\n\n  terraform-provider-ipam transfer {id} --to {me:?}\n\nOtherwise, remove it from this state \
         (`terraform state rm`).",
        explain::capital(word),
    );
    Diagnostic::warning(format!("This {word} belongs to owner {owner:?}"), detail).into()
}
