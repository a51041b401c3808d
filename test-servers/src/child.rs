//! A test in a process of its own: the test program runs itself again with the same test, which then does the child's
//! part.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command that runs this program again, for the test `test` of the module `module` (the `module_path!()` of the
/// caller). The caller must add a variable to the environment by which the child knows that it is the child.
///
/// # Panics
/// Panics if the operating system does not know the path of this program.
pub fn child(module: &str, test: &str) -> Command {
    let program = std::env::current_exe().expect("this program has a path");
    for_one_test(Command::new(program), module, test)
}

/// The same command, with a child that write protection stops even if these tests run as root.
///
/// # Panics
/// Panics if the operating system does not know the path of this program, and as [`unprivileged`] does.
pub fn unprivileged_child(module: &str, test: &str) -> Command {
    let program = std::env::current_exe().expect("this program has a path");
    for_one_test(unprivileged(&program), module, test)
}

fn for_one_test(mut command: Command, module: &str, test: &str) -> Command {
    let path = module.split_once("::").map_or_else(|| test.to_owned(), |(_, inside)| format!("{inside}::{test}"));
    command.args(["--exact", &path, "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the end of a child, which must have run its only test with success. Returns everything that it printed.
///
/// # Panics
/// Panics if the child failed, with everything that it printed.
#[track_caller]
pub fn succeed(child: Child) -> String {
    let output = child.wait_with_output().expect("a child can be waited for");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{}\n{text}", output.status);
    text.into_owned()
}

/// Waits until a child has printed this many bytes, so that it can be killed in the middle of its work.
///
/// # Panics
/// Panics if the child ended before, with everything that it printed.
#[track_caller]
pub fn hear(child: &mut Child, bytes: u64) {
    let (mut said, mut complaint) = (Vec::new(), Vec::new());
    let heard = child.stdout.as_mut().map(|pipe| pipe.take(bytes).read_to_end(&mut said));
    if said.len() as u64 == bytes {
        return;
    }
    if let Some(pipe) = &mut child.stderr {
        pipe.read_to_end(&mut complaint).ok();
    }
    let text = String::from_utf8_lossy(&said) + String::from_utf8_lossy(&complaint);
    panic!("the child has ended ({heard:?}):\n{text}");
}

/// A command that runs `program` without the right to write write-protected files. Only root has that right, as a
/// capability.
///
/// # Panics
/// Panics if these tests run as root and the program `setpriv` is missing.
pub fn unprivileged(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if !is_root {
        return Command::new(program);
    }
    let works = Command::new("setpriv").arg("--version").output().is_ok();
    assert!(works, "as root this test needs setpriv: install util-linux");
    let mut command = Command::new("setpriv");
    command.arg("--bounding-set=-dac_override,-dac_read_search").arg(program);
    command
}
