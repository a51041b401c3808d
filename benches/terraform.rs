//! The speed of the provider with real Terraform: `cargo bench --bench terraform`.
//!
//! Compares the provider with work that Terraform does without a provider process in the same run, so that the ratio is
//! comparable between machines. The exit status is 1 if a limit is exceeded.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(unreachable_pub, dead_code, reason = "the harness is shared with the acceptance tests")]

#[path = "../acceptance-tests/harness/mod.rs"]
mod harness;

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::terraform::Running;
use harness::{PROVIDER, Workspace, processes, terraform};

const OBJECTS: usize = 1000;
const ROUNDS: usize = 3;
const STARTS: usize = 30;

/// Longest plan and apply, as a ratio to those of built-in objects.
const RATIO_MAX: f64 = 1.25;
/// Longest plan and apply of a set, as a ratio to as many built-in objects as the set has members.
const SET_RATIO_MAX: f64 = 0.25;
const HANDSHAKE_MAX: Duration = Duration::from_millis(10);
const RESIDENT_MAX_KIB: u64 = 25 * 1024;

fn main() -> ExitCode {
    // `cargo test --benches` runs every benchmark once; this one is only for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let results = [handshake(), memory(), objects(), set()];
    if results.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn report(what: &str, measured: &str, limit: &str, is_within: bool) -> bool {
    println!("{what:<64} {measured:>12}   limit {limit:>10}   {}", if is_within { "ok" } else { "EXCEEDED" });
    is_within
}

/// Measures the time from the start of the process to the line that Terraform waits for. Returns whether the limit
/// holds.
fn handshake() -> bool {
    let mut times: Vec<_> = (0..STARTS).map(|_| time_to_handshake()).collect();
    times.sort();
    let median = times[STARTS / 2];
    report(
        "process start to handshake, median",
        &format!("{median:.2?}"),
        &format!("{HANDSHAKE_MAX:?}"),
        median <= HANDSHAKE_MAX,
    )
}

fn time_to_handshake() -> Duration {
    let mut command = Command::new(PROVIDER);
    terraform::clean(&mut command);
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_CLIENT_CERT", client_certificate())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the provider starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let time = start.elapsed();
    assert!(line.starts_with("1|6|"), "not a handshake: {line:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    time
}

/// A client certificate, such as Terraform makes at every start.
fn client_certificate() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
}

/// Measures the resident memory of the provider while Terraform reads only its schema. Returns whether the limit holds.
fn memory() -> bool {
    let workspace = Workspace::new();
    workspace.configure("");
    let mut running = Running::start(workspace.command(&["providers", "schema", "-json"]));
    let mut most = 0;
    while !running.has_ended() {
        for provider in processes::providers_of(running.id()) {
            most = most.max(resident_kib(provider).unwrap_or_default());
        }
        thread::sleep(Duration::from_micros(200));
    }
    running.wait().succeeds();
    assert!(most > 0, "no provider was seen");
    let is_within = most <= RESIDENT_MAX_KIB;
    report("resident memory after the schema", &format!("{} KiB", most), &format!("{RESIDENT_MAX_KIB} KiB"), is_within)
}

/// Resident memory of a process in KiB, or `None` if the process has ended.
fn resident_kib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Measures plan and apply of many allocations, and of as many built-in objects: bare ones, and ones with as many bytes
/// in the state. During an apply Terraform writes the whole state again after each object, so the bytes of an object
/// cost time as well as the work of its provider. The fastest round of each counts, because other work of the machine
/// can only make a round slower.
fn objects() -> bool {
    let ours = format!(
        "resource \"ipam_pool\" \"top\" {{\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}}\n\nresource \"ipam_allocation\" \"it\" {{\n  \
         count          = {OBJECTS}\n  ipam_pool_id   = ipam_pool.top.id\n  name           = \"net-${{count.index}}\"\n  netmask_length = 24\n}}\n"
    );
    let built_in = |padding: usize| {
        let padding = "x".repeat(padding);
        format!(
            "resource \"terraform_data\" \"it\" {{\n  count = {OBJECTS}\n  input = \"${{count.index}}{padding}\"\n}}\n"
        )
    };
    let (_, bytes_of_ours) = plan_and_apply(&ours);
    let (_, bytes_of_built_in) = plan_and_apply(&built_in(0));
    // An input appears twice in the state: as input and as output.
    let padding = bytes_of_ours.saturating_sub(bytes_of_built_in) / OBJECTS / 2;
    let configurations = [ours, built_in(0), built_in(padding)];
    let mut best = [Duration::MAX; 3];
    for round in 1..=ROUNDS {
        for (best, configuration) in best.iter_mut().zip(&configurations) {
            let (time, bytes) = plan_and_apply(configuration);
            println!("round {round}: {time:.2?}, {bytes} bytes of state");
            *best = time.min(*best);
        }
    }
    let [ours, bare, padded] = best.map(|time| time.as_secs_f64());
    let what = format!("{OBJECTS} ipam_allocation : {OBJECTS} terraform_data");
    println!("{what:<64} {:>12.2}   (terraform_data keeps fewer bytes)", ours / bare);
    let what = format!("{what} of as many bytes");
    report(&what, &format!("{:.2}", ours / padded), &format!("{RATIO_MAX}"), ours / padded <= RATIO_MAX)
}

/// Measures plan and apply of one set with many members, and of as many built-in objects. Returns whether the set is fast
/// enough, and has fewer bytes of state.
fn set() -> bool {
    let ours = format!(
        "resource \"ipam_pool\" \"top\" {{\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}}\n\nresource \"ipam_allocation_set\" \"it\" {{\n  \
         ipam_pool_id = ipam_pool.top.id\n  name         = \"net\"\n  \
         members      = {{ for n in range({OBJECTS}) : \"net-${{n}}\" => {{ netmask_length = 24 }} }}\n}}\n"
    );
    let built_in = format!("resource \"terraform_data\" \"it\" {{\n  count = {OBJECTS}\n  input = count.index\n}}\n");
    let mut best = [(Duration::MAX, 0); 2];
    for round in 1..=ROUNDS {
        for (best, configuration) in best.iter_mut().zip([&ours, &built_in]) {
            let (time, bytes) = plan_and_apply(configuration);
            println!("round {round}: {time:.2?}, {bytes} bytes of state");
            *best = (time.min(best.0), bytes);
        }
    }
    let [(ours, bytes), (built_in, bytes_of_built_in)] = best;
    let ratio = ours.as_secs_f64() / built_in.as_secs_f64();
    let what = format!("1 ipam_allocation_set of {OBJECTS} : {OBJECTS} terraform_data");
    let is_fast = report(&what, &format!("{ratio:.2}"), &format!("{SET_RATIO_MAX}"), ratio <= SET_RATIO_MAX);
    let is_small = bytes < bytes_of_built_in;
    report("state of that set", &format!("{bytes} B"), &format!("{bytes_of_built_in} B"), is_small) && is_fast
}

/// Plans and applies a configuration. Returns the time, and the bytes of the state.
fn plan_and_apply(config: &str) -> (Duration, usize) {
    let workspace = Workspace::new();
    workspace.configure(config);
    let start = Instant::now();
    workspace.try_plan(&["-out=plan"]).succeeds();
    workspace.try_apply_saved("plan", &[]).succeeds();
    let time = start.elapsed();
    if workspace.store().path().exists() {
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
    let state = std::fs::metadata(workspace.path().join("terraform.tfstate")).unwrap();
    (time, usize::try_from(state.len()).unwrap())
}
