//! Speed of the store in a bucket, compared with the requests that it consists of: `cargo bench --bench bucket`.
//!
//! Measures commits per second, and in the same run bare create-if-absent requests of the same size, in a directory and
//! on the S3 server of the tests. Then measures the time and the memory to open stores of 100,000 and 1,000,000
//! allocations, each in a new process; the stores are kept in `target/bench`. `BENCH_ALLOCATIONS_MAX=100000` omits the
//! larger one.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(unreachable_pub, dead_code, reason = "modules of a program, which others use more of")]

#[path = "core/filled.rs"]
mod filled;
#[path = "core/grouping.rs"]
mod grouping;

use std::env;
use std::fs;
use std::path::Path as FilePath;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use terraform_provider_ipam::store::{StoreUrl, open};
use test_servers::S3;
use tokio::runtime::Runtime;

const SIZES: [usize; 2] = [100_000, 1_000_000];
const SIZE_MAX: &str = "BENCH_ALLOCATIONS_MAX";

/// Variable with the URL of the store that a child process opens; set only for such a process.
const OPEN: &str = "BENCH_BUCKET_OPEN";

const ROUNDS: usize = 7;
/// Smallest ratio of commits per second to bare requests per second.
const SHARE_MIN: f64 = 0.8;
/// Commits, and bare requests, in each round.
const COMMITS: usize = 150;
/// About as many entries as the creation of one allocation writes.
const ENTRIES: usize = 9;
const VALUE: &str = "{\"version\":1,\"id\":\"ipam-alloc-0123456789abcdef\",\"name\":\"net-0000001\",\"pool_id\":\"ipam-pool-0123456789abcdef\",\
                     \"cidr\":\"10.0.0.0/29\",\"description\":\"made by a benchmark\",\"tags\":{\"team\":\"network\"}}";

fn main() -> ExitCode {
    if let Ok(url) = env::var(OPEN) {
        return opened(&url);
    }
    // `cargo test --benches` runs every benchmark once; this one is only for `cargo bench`.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    if env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        return with_credentials();
    }
    let scratch = tempfile::tempdir_in(filled::directory()).unwrap();
    let holds = [beside_bare_requests(scratch.path()), group(scratch.path())];
    start();
    if holds.iter().all(|holds| *holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs this program again with credentials: the server of the tests requires some, and accepts any.
fn with_credentials() -> ExitCode {
    let variables = [("AWS_ACCESS_KEY_ID", "bench"), ("AWS_SECRET_ACCESS_KEY", "bench"), ("AWS_REGION", S3::REGION)];
    let status = Command::new(env::current_exe().unwrap()).args(env::args().skip(1)).envs(variables).status().unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Measures commits and bare requests in turns, so that other work of the machine slows both. Returns whether the limit
/// holds.
fn beside_bare_requests(scratch: &FilePath) -> bool {
    let directory = scratch.join("commits");
    fs::create_dir_all(&directory).unwrap();
    let prefix = Path::from_absolute_path(&directory).unwrap();
    let local: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new().with_fsync(true));
    let file = compare("file", &format!("file://{}", directory.display()), &local, &prefix);

    let (server, bucket) = (S3::shared(), S3::shared().create_bucket());
    let s3 =
        AmazonS3Builder::from_env().with_bucket_name(&bucket).with_endpoint(server.endpoint()).with_allow_http(true);
    let s3: Arc<dyn ObjectStore> = Arc::new(s3.build().unwrap());
    let s3 = compare("s3", &format!("s3://{bucket}/plan?endpoint={}", server.endpoint()), &s3, &Path::from("plan"));
    file && s3
}

/// Measures the gain of shared commits. Returns whether the limits hold.
fn group(scratch: &FilePath) -> bool {
    let mut number = 0;
    let file = grouping::compare("file", None, &mut || {
        number += 1;
        format!("file://{}/group-{number}", scratch.display())
    });
    let server = S3::shared();
    let s3 = grouping::compare("s3", None, &mut || {
        format!("s3://{}/plan?endpoint={}", server.create_bucket(), server.endpoint())
    });
    file && s3
}

fn compare(name: &str, url: &str, objects: &Arc<dyn ObjectStore>, prefix: &Path) -> bool {
    let runtime = Runtime::new().unwrap();
    let store = open(&StoreUrl::new(url)).unwrap();
    let commit = |number: usize| {
        store
            .write(&mut |tx| {
                for entry in 0..ENTRIES {
                    tx.put(&format!("allocation/{number:08}/{entry}"), VALUE.as_bytes().to_vec())?;
                }
                Ok(true)
            })
            .unwrap();
    };
    commit(0);
    let first = prefix.clone().join("log").join(format!("{:020}", 1));
    let meta = runtime.block_on(objects.head(&first)).unwrap().size;
    let payload = PutPayload::from((0..meta).map(|byte| (byte * 31 % 251) as u8).collect::<Vec<u8>>());
    let bare = |number: usize| {
        let path = prefix.clone().join("bare").join(format!("{number:020}"));
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        runtime.block_on(objects.put_opts(&path, payload.clone(), options)).unwrap();
    };
    bare(0);
    let timed = |work: &dyn Fn(usize), round: usize| {
        let began = Instant::now();
        (0..COMMITS).for_each(|n| work(1 + round * COMMITS + n));
        began.elapsed()
    };
    let (mut of_commits, mut of_bare) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        of_commits.push(timed(&commit, round));
        of_bare.push(timed(&bare, round));
    }
    let rate = |times| COMMITS as f64 / median(times).as_secs_f64();
    let (commits, bare) = (rate(of_commits), rate(of_bare));
    let share = commits / bare;
    let holds = share >= SHARE_MIN;
    println!(
        "{name}: {commits:.0} commits a second, {bare:.0} bare creations of the same {meta} bytes: {:.0} % (at least {:.0}){}",
        share * 100.0,
        SHARE_MIN * 100.0,
        if holds { "" } else { "  EXCEEDED" }
    );
    holds
}

/// Measures the opening of stores of each size.
fn start() {
    let size_max = env::var(SIZE_MAX).map_or(usize::MAX, |text| text.parse().unwrap());
    let sizes: Vec<usize> = SIZES.into_iter().filter(|&size| size <= size_max).collect();
    filled::prepare(&sizes);
    for size in sizes {
        let directory = filled::directory().join(format!("bucket-{size}"));
        if !directory.exists() {
            copy(size, &directory);
        }
        let url = format!("file://{}", directory.display());
        println!("{size} allocations: {} bytes in the bucket", bytes_below(&directory));
        let status = Command::new(env::current_exe().unwrap()).env(OPEN, &url).status().unwrap();
        assert!(status.success(), "{status}");
    }
}

/// Opens a store in a new process, so that the memory is that of the store alone.
fn opened(url: &str) -> ExitCode {
    let store = open(&StoreUrl::new(url)).unwrap();
    let began = Instant::now();
    store.read(&mut |snapshot| snapshot.get("a").map(|_| ())).unwrap();
    println!("  opened in {:.2?}, {}", began.elapsed(), memory());
    let began = Instant::now();
    store.write(&mut |tx| tx.put("bench", b"1".to_vec()).map(|()| true)).unwrap();
    println!("  a commit in {:.2?}; {:?}", began.elapsed(), store.facts().unwrap());
    ExitCode::SUCCESS
}

/// Memory in use and its maximum, as the operating system counts it.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

fn bytes_below(directory: &FilePath) -> u64 {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() { bytes_below(&entry.path()) } else { metadata.len() }
        })
        .sum()
}

fn copy(size: usize, to: &FilePath) {
    let began = Instant::now();
    let unfinished = filled::directory().join("bucket-unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    let store = open(&StoreUrl::new(format!("file://{}", unfinished.display()))).unwrap();
    filled::copy_into(&*store, size);
    fs::rename(&unfinished, to).unwrap();
    println!("filled {} in {:.1?}", to.display(), began.elapsed());
}
