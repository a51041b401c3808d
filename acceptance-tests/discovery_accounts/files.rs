//! Lists of networks outside of AWS, as Python's csv module writes them.

use serde_json::{Value, json};
use terraform_provider_ipam::backend::files::{self, Below, Wishes};
use terraform_provider_ipam::ipam::discovery::types::Sample;

use super::python;

fn rows(samples: &[Sample]) -> Value {
    let of = |sample: &Sample| {
        let resources = &sample.outcome.as_ref().unwrap().resources;
        let row = |one: &terraform_provider_ipam::ipam::discovery::types::DiscoveredCidr| {
            json!({"account": sample.account_id, "region": sample.region, "cidr": one.cidr, "resource_id": one.resource_id,
                   "tags": one.tags})
        };
        resources.iter().map(row).collect::<Vec<_>>()
    };
    samples.iter().flat_map(of).collect()
}

#[test]
fn lists_that_python_writes_are_read_as_they_were_meant() {
    for seed in 0..5 {
        let list = python::run("listed.py", &[], &json!({"seed": seed, "rows": 400}));
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in
            [("list.csv", list["csv"].as_str().unwrap().to_owned()), ("list.json", list["json"].to_string())]
        {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            let (below, wishes) = (Below::new([directory.path()]), Wishes::default());
            let told = files::read(&path, &below, jiff::Timestamp::UNIX_EPOCH, wishes).unwrap();
            assert_eq!(rows(&told.samples), list["rows"], "{name} {seed}");
        }
    }
}
