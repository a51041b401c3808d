//! One test, run on each kind of store.

/// `on_each_own_store! { fn name(store: Store) { ... } }` makes the tests `name::sqlite`, `name::postgres`, `name::s3`
/// and `name::file`, each on a new, empty store.
macro_rules! on_each_own_store {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: Store) $body:block)*) => {
        $(on_stores! { [] $(#[$meta])* fn $name($store: Store) $body })*
    };
}

/// The same tests, and `name::sqlite_on_opentofu`.
macro_rules! on_own_stores_and_opentofu {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: Store) $body:block)*) => {
        $(on_stores! {
            [
                #[test]
                fn sqlite_on_opentofu() {
                    check(Store::sqlite().used_by(crate::harness::client::Client::opentofu()));
                }
            ]
            $(#[$meta])* fn $name($store: Store) $body
        })*
    };
}

/// The same tests, and `name::aws_ipam`. Where AWS differs, the guide describes the difference, and the test verifies
/// it (`differences`).
macro_rules! on_each_store {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: Store) $body:block)*) => {
        $(on_stores! {
            [
                #[test]
                fn sqlite_on_opentofu() {
                    check(Store::sqlite().used_by(crate::harness::client::Client::opentofu()));
                }

                #[cfg(feature = "aws")]
                #[test]
                fn aws_ipam() {
                    crate::differences::journey(module_path!(), check);
                }
            ]
            $(#[$meta])* fn $name($store: Store) $body
        })*
    };
}

macro_rules! on_stores {
    ([$($more:item)*] $(#[$meta:meta])* fn $name:ident($store:ident: Store) $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            fn check($store: Store) $body

            #[test]
            fn sqlite() {
                check(Store::sqlite());
            }

            #[test]
            fn postgres() {
                check(Store::postgres());
            }

            #[test]
            fn s3() {
                check(Store::s3());
            }

            #[test]
            fn file() {
                check(Store::file());
            }

            $($more)*
        }
    };
}
