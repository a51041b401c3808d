//! `cargo xtask bench`: runs the benchmarks, and fails if the cost of an operation grows with the size of the pool.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Outcome;
use crate::tool;

/// Largest ratio of the time in the largest pool to that in the smallest.
const RATIO_MAX: f64 = 3.0;

/// Times by number of allocations, by operation and store.
type Times = BTreeMap<(String, String), BTreeMap<u64, Time>>;

/// The time of one operation, in nanoseconds.
#[derive(Clone, Copy)]
struct Time {
    median: f64,
    /// The time of the fastest sample. Other work on the machine makes a sample slower, never faster.
    fastest: f64,
}

/// Runs the benchmarks and prints how their times grow.
pub(crate) fn run() -> Outcome<()> {
    let results = target().join("criterion");
    // Results of an earlier run must not count.
    if results.exists() {
        fs::remove_dir_all(&results).map_err(|error| format!("{} cannot be emptied: {error}", results.display()))?;
    }
    let failures: Vec<String> = ["core", "bucket", "reading"].iter().filter_map(|name| bench(name).err()).collect();
    table(&times(&results)?)?;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Runs one of the benchmark programs, which fails if one of its limits does not hold.
fn bench(name: &str) -> Outcome<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["bench", "--bench", name])
        // The optimized build of the AWS SDK takes very long, and the benchmarks do not use it.
        .args(["--no-default-features", "--features", "sqlite,postgres,object-storage"])
        .current_dir(tool::root())
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("cargo bench --bench {name} ended with {status}.")) }
}

fn target() -> PathBuf {
    let given = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    given.map_or_else(|| tool::root().join("target"), |path| tool::root().join(path))
}

/// Reads the times from `criterion/<operation>/<store>/<allocations>/new/`.
fn times(results: &Path) -> Outcome<Times> {
    let mut times = Times::new();
    for (operation, directory) in directories(results)? {
        for (store, directory) in directories(&directory)? {
            for (size, directory) in directories(&directory)? {
                let Ok(size) = size.parse() else { continue };
                let time = Time::read(&directory.join("new"))?;
                times.entry((operation.clone(), store.clone())).or_default().insert(size, time);
            }
        }
    }
    Ok(times)
}

fn directories(path: &Path) -> Outcome<Vec<(String, PathBuf)>> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().is_dir() {
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    Ok(found)
}

impl Time {
    /// Reads the files that Criterion leaves in a directory.
    fn read(directory: &Path) -> Outcome<Self> {
        let estimates = json(&directory.join("estimates.json"))?;
        let sample = json(&directory.join("sample.json"))?;
        let numbers = |name: &str| sample[name].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let fastest = numbers("times").zip(numbers("iters")).map(|(time, count)| time / count).reduce(f64::min);
        match (estimates["median"]["point_estimate"].as_f64(), fastest) {
            (Some(median), Some(fastest)) => Ok(Self { median, fastest }),
            _ => Err(format!("{} has no times.", directory.display())),
        }
    }
}

fn json(path: &Path) -> Outcome<Value> {
    let text = fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn table(times: &Times) -> Outcome<()> {
    let sizes: Vec<u64> = times.values().next().map(|row| row.keys().copied().collect()).unwrap_or_default();
    let [smallest, .., largest] = sizes.as_slice() else {
        return Err("There is nothing to compare: fewer than two sizes were measured.".to_owned());
    };
    let heads: String = sizes.iter().map(|size| format!("{size:>12}")).collect();
    println!("\nMedian time of one operation, by allocations in the pool; ratio of the medians, and of the fastest\n");
    println!("{:<10}{:<15}{heads}{:>8}{:>9}", "operation", "store", "ratio", "fastest");
    let mut exceeded = 0;
    for ((operation, store), row) in times {
        let (Some(first), Some(last)) = (row.get(smallest), row.get(largest)) else {
            return Err(format!("{operation} {store} was not measured with {smallest} and {largest} allocations."));
        };
        let cells: String = row.values().map(|time| format!("{:>12}", duration(time.median))).collect();
        let (medians, fastest) = (last.median / first.median, last.fastest / first.fastest);
        // Other work on the machine may spoil one of the two values; real growth shows in both.
        let is_exceeded = medians.min(fastest) > RATIO_MAX;
        exceeded += usize::from(is_exceeded);
        let remark = if is_exceeded { "  EXCEEDED" } else { "" };
        println!("{operation:<10}{store:<15}{cells}{medians:>8.2}{fastest:>9.2}{remark}");
    }
    if exceeded > 0 {
        return Err(format!("\n{exceeded} of {} take more than {RATIO_MAX} times as long.", times.len()));
    }
    println!("\nNone takes more than {RATIO_MAX} times as long.");
    Ok(())
}

fn duration(nanoseconds: f64) -> String {
    let microseconds = nanoseconds / 1e3;
    if microseconds < 1e3 { format!("{microseconds:.1} us") } else { format!("{:.2} ms", microseconds / 1e3) }
}
