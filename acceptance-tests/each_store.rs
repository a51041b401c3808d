//! One test, run on each kind of store.

/// `on_each_store! { fn name(store: Store) { ... } }` makes the tests `name::sqlite`, `name::postgres`, `name::s3` and
/// `name::file`, each on a new, empty store.
macro_rules! on_each_store {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: Store) $body:block)*) => {
        $(
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
            }
        )*
    };
}
