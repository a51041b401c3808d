//! Programs that tests run: fetched or built once, and kept in `target/test-servers`.

mod clients;
mod go;
mod kept;
mod python;

pub use clients::{opentofu, terraform_1_5};
pub use kept::once;
pub use python::Python;
