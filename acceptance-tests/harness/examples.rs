//! The configurations in `examples/`.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Workspace, here};

/// The directory of the examples.
pub fn root() -> PathBuf {
    here().with_file_name("examples")
}

/// The examples for AWS IPAM, or those for the other stores.
pub fn configurations(for_aws: bool) -> Vec<PathBuf> {
    let mut all = below(&root());
    all.retain(|example| is_for_aws(example) == for_aws);
    all
}

/// Directories with `.tf` files, at any depth.
fn below(directory: &Path) -> Vec<PathBuf> {
    let paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let own = paths.iter().any(|path| is_terraform(path)).then(|| directory.to_owned());
    own.into_iter().chain(paths.iter().filter(|path| path.is_dir()).flat_map(|path| below(path))).collect()
}

fn is_terraform(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tf")
}

fn is_for_aws(example: &Path) -> bool {
    says(example, "\"aws-ipam\"")
}

/// Whether an example calls functions of the provider.
pub fn calls_functions(example: &Path) -> bool {
    says(example, "provider::")
}

/// Whether an example has an ephemeral resource.
pub fn is_ephemeral(example: &Path) -> bool {
    says(example, "ephemeral \"")
}

/// Whether an example has an action.
pub fn has_actions(example: &Path) -> bool {
    says(example, "action \"")
}

fn says(example: &Path, words: &str) -> bool {
    let files = fs::read_dir(example).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| is_terraform(path)).any(|path| fs::read_to_string(path).unwrap().contains(words))
}

/// Plans an example, applies it, plans it again and destroys it.
pub fn check(example: &Path, workspace: &Workspace) {
    copy(example, workspace.path());
    workspace.plan();
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.destroy();
}

/// Copies an example with its subdirectories.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&copied).unwrap();
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
        }
    }
}
