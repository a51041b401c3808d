//! Calls for features that this provider does not have. Terraform makes none of them, because the schemas contain no such
//! feature. A client that makes one nevertheless receives an error as its answer.

use super::catalog::Catalog;
use crate::tf::{Diagnostic, Diagnostics};

fn no(what: &str) -> Diagnostics {
    Diagnostic::error("Not offered", format!("This provider has no {what}.")).into()
}

macro_rules! refusals {
    ($($name:ident = $what:literal),* $(,)?) => {$(
        pub(super) fn $name<Q, A>(_: &Catalog, _: &Q) -> Result<A, Diagnostics> {
            Err(no($what))
        }
    )*};
}

refusals! {
    state_stores = "state stores",
}
