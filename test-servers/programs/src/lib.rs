//! Programs that tests run: fetched or built once, and kept in `target/test-servers`.

mod cache;
mod clients;
mod go;
mod python;

pub use cache::once;
pub use clients::{opentofu, terraform_1_5};
pub use python::Python;
