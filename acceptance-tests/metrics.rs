//! `metrics`, read by the parser of Prometheus' own Python library.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use test_servers::Packages;

use crate::harness::store::{NewPool, Store};
use crate::harness::terraform::clean;
use crate::harness::{PROVIDER, Workspace};

/// The parser. It is strict: an order, a name or a text that OpenMetrics does not allow is an error.
const PARSER: &str = r#"
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
samples = []
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        samples.append({"name": sample.name, "type": family.type, "labels": sample.labels, "value": sample.value})
json.dump(samples, sys.stdout)
"#;
const PACKAGE: &str = "prometheus_client==0.26.0";

fn program(store: &Store, arguments: &[&str]) -> String {
    let mut command = Command::new(PROVIDER);
    clean(&mut command);
    let output = store.tell(command.arg("metrics").args(arguments)).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("metrics are text")
}

/// The samples of a text, each with its labels.
fn parsed(text: &str) -> Vec<Value> {
    let mut command = Packages::of(PACKAGE).command();
    let mut child = command.args(["-c", PARSER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).expect("the parser reads");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the parser refuses:\n{text}");
    serde_json::from_slice(&output.stdout).expect("the parser answers in JSON")
}

/// The values of a metric, by the label `pool`, which is empty where there is none.
fn values(samples: &[Value], name: &str) -> BTreeMap<String, f64> {
    let found = samples.iter().filter(|sample| sample["name"] == name);
    let pool = |sample: &Value| sample["labels"]["pool"].as_str().unwrap_or_default().to_owned();
    found.map(|sample| (pool(sample), sample["value"].as_f64().unwrap())).collect()
}

const CONFIGURATION: &str = r#"
resource "ipam_pool" "top" {
  name          = "top \"a\\b"
  cidrs         = ["10.0.0.0/24"]
  reserve_first = 2
}

resource "ipam_pool" "six" {
  name  = "six"
  cidrs = ["fd00::/40"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}
"#;

on_each_own_store! {
    fn prometheus_reads_the_metrics_of_a_store(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(CONFIGURATION);
        workspace.apply();
        workspace.store().add_pool(&NewPool { name: "other", cidrs: &["10.1.0.0/16"], ..NewPool::default() });
        workspace.configure(&CONFIGURATION.replace("\"web\"", "\"api\"").replace("= 26", "= 27"));
        workspace.plan();
        let samples = parsed(&program(workspace.store(), &[]));
        let top = "top \"a\\b";
        let all = |name: &str| values(&samples, name);
        assert_eq!(all("ipam_pool_provisioned_addresses")[top], 256.0);
        assert_eq!(all("ipam_pool_used_addresses")[top], 64.0);
        assert_eq!(all("ipam_pool_held_addresses")[top], 32.0, "the plan holds another block");
        assert_eq!(all("ipam_pool_free_addresses")[top], 160.0);
        assert_eq!(all("ipam_pool_reserved_addresses")[top], 2.0);
        assert_eq!(all("ipam_pool_allocations")[top], 1.0);
        assert_eq!(all("ipam_pool_provisioned_addresses")["six"], 2f64.powi(88));
        assert_eq!(all("ipam_pool_provisioned_addresses")["other"], 65536.0);
        for (name, value) in [("ipam_pools", 3.0), ("ipam_allocations", 1.0), ("ipam_holds", 1.0)] {
            assert_eq!(all(name)[""], value, "{name}");
        }
        let events = workspace.store().events().len();
        assert_eq!(all("ipam_events_total")[""], events as f64);
        assert!(all("ipam_last_event_timestamp_seconds")[""] > 1.7e9);
        let info = samples.iter().find(|sample| sample["name"] == "ipam_build_info").expect("the version");
        assert_eq!(info["labels"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(values(&samples, "ipam_problems").len(), 1, "without the label pool");

        let file = workspace.path().join("ipam.prom");
        assert_eq!(program(workspace.store(), &["--output", file.to_str().unwrap()]), "");
        assert_eq!(parsed(&workspace.read("ipam.prom")).len(), samples.len());
    }
}
