//! Tasks of this repository: `cargo xtask bench`, `cargo xtask clients`, `cargo xtask demo`, `cargo xtask docs [--check]`.

mod bench;
mod clients;
mod demo;
mod docs;
mod tool;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  bench          measure operations in pools of a thousand to a million allocations; fail when they grow too much
  clients        run the acceptance tests on the terraform or tofu at hand, on OpenTofu 1.12 and on Terraform 1.5; what
                 follows are arguments of `cargo test` that choose other tests
  clients --build-opentofu    only build OpenTofu, which `cargo test` needs too
  demo           build, then plan and apply examples/quickstart with a real terraform or tofu in target/demo
  docs           write docs/ from the provider's schema and examples/
  docs --check   fail when docs/ is not what `docs` would write";

/// A result; the error is the reason why a task stopped, for the person who ran it.
type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bench"] => bench::run(),
        ["clients", "--build-opentofu"] => {
            clients::build_opentofu();
            Ok(())
        }
        ["clients", arguments @ ..] => clients::run(arguments),
        ["demo"] => demo::run(),
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
