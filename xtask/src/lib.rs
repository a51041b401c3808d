//! Tasks of this repository: `cargo xtask bench`, `clients`, `demo`, `dist`, `docs`. A library, so that the acceptance tests
//! package the provider as a release does.

mod bench;
mod clients;
mod demo;
pub mod dist;
mod docs;
mod tool;

const USAGE: &str = "\
usage: cargo xtask <task>

  bench          measure operations in pools of a thousand to a million allocations; fail when they grow too much
  clients        run the acceptance tests on the terraform or tofu at hand, on OpenTofu 1.12 and on Terraform 1.5; what
                 follows are arguments of `cargo test` that choose other tests
  clients --build-opentofu    only build OpenTofu, which `cargo test` needs too
  demo           build, then plan and apply examples/quickstart with a real terraform or tofu in target/demo
  dist           build and package a release: `cargo xtask dist --help` shows the options
  docs           write docs/ from the provider's schema and examples/
  docs --check   fail when docs/ is not what `docs` would write";

/// A result; the error is the reason why a task stopped, for the person who ran it.
pub type Outcome<T> = Result<T, String>;

/// Runs the task that the arguments name.
///
/// # Errors
/// The reason why the task stopped, or the usage.
pub fn run(arguments: &[String]) -> Outcome<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bench"] => bench::run(),
        ["clients", "--build-opentofu"] => {
            clients::build_opentofu();
            Ok(())
        }
        ["clients", arguments @ ..] => clients::run(arguments),
        ["demo"] => demo::run(),
        ["dist", arguments @ ..] => dist::run(&tool::root(), arguments),
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        _ => Err(USAGE.to_owned()),
    }
}
