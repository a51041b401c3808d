//! The part of the report about discovered resources.

use serde_json::{Value, json};

use super::{DISCOVERY, Scene};
use crate::harness::browser::Browser;
use crate::harness::store::Store;

const READY: &str = "document.documentElement?.dataset.ready !== undefined";

fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let all = browser.run(&format!("[...document.querySelectorAll({selector:?})].map((one) => one.innerText.trim())"));
    all.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_report_shows_vpcs_with_what_is_in_them_and_wrong_ones_first() {
    let scene = Scene::on(&Store::sqlite());
    let pool = "resource \"ipam_pool\" \"live\" {\n  name = \"live\"\n  cidrs = [\"10.0.0.0/12\"]\n  locale = \"us-east-1\"\n  \
                auto_import = true\n  allocation_max_netmask_length = 20\n}\n";
    scene.applies(&format!("{DISCOVERY}{pool}"));
    scene.is_there(&[
        "vpc-fine,vpc,10.0.0.0/16,,Name=shop",
        "subnet-a,subnet,10.0.1.0/24,vpc-fine,",
        "eni-a,eni,10.0.1.7/32,vpc-fine,",
        "vpc-tiny,vpc,10.1.0.0/24,,",
        "vpc-two,vpc,172.16.0.0/16,,Name=<b>two</b>",
        "vpc-three,vpc,172.16.0.0/20,,",
        "eip-1,eip,203.0.113.9/32,,",
    ]);
    scene.discover();
    let told: Value = serde_json::from_str(&scene.program(&["report", "--json"]).succeeds().stdout).unwrap();
    let topics: Vec<_> =
        told["problems"].as_array().unwrap().iter().map(|one| one["topic"].as_str().unwrap()).collect();
    assert_eq!(topics.iter().filter(|topic| **topic == "overlap").count(), 2, "{topics:?}");
    assert!(topics.contains(&"compliance"), "{topics:?}");
    let levels: Vec<_> = told["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["level"], one["resource_id"].as_str().unwrap()))
        .collect();
    assert_eq!(levels, ["1 vpc-tiny", "1 vpc-two", "1 vpc-three", "1 vpc-fine", "2 subnet-a", "3 eni-a", "1 eip-1"]);
    let markdown = scene.program(&["report", "--markdown"]).succeeds().stdout;
    assert!(markdown.contains("## Discovered resources with problems") && markdown.contains("vpc-tiny"), "{markdown}");
    scene.program(&["report", "--html", "report.html"]).succeeds();
    let page = scene.workspace.path().join("report.html");
    let mut browser = Browser::start();
    browser.look(1440, "screen", "light");
    browser.open(&page, "", READY);
    assert!(texts(&mut browser, "section:not([hidden]) h2").contains(&"Discovered resources 7".to_owned()));
    let names = |browser: &mut Browser| texts(browser, "#seen .rows .name");
    assert_eq!(names(&mut browser), ["vpc-tiny", "<b>two</b>", "vpc-three", "shop", "eip-1"], "text stays text");
    // The keyboard opens a VPC and its subnet.
    browser.run("document.querySelector('#seen [role=treegrid]').focus()");
    for key in ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight"] {
        browser.press(key);
    }
    assert_eq!(names(&mut browser), ["vpc-tiny", "<b>two</b>", "vpc-three", "shop", "subnet-a", "eni-a", "eip-1"]);
    browser.keep_picture("seen");
    // A search finds collapsed rows too, and shows the resources that contain them.
    browser.run("document.querySelector('#seen [role=treegrid]').focus()");
    browser.press("/");
    browser.write("eni-a");
    browser.wait_until("document.getElementById('found').textContent.includes('1 resource')");
    assert_eq!(names(&mut browser), ["shop", "subnet-a", "eni-a"]);
    browser.run("document.getElementById('reset').click()");
    browser.run("document.getElementById('faulty').click()");
    assert_eq!(names(&mut browser), ["vpc-tiny", "<b>two</b>", "vpc-three"]);
    assert_eq!(browser.complaints(), [Value::Null; 0]);
    assert_eq!(browser.run("document.querySelectorAll('#seen b').length"), json!(0));
    browser.look(1440, "screen", "dark");
    browser.open(&page, "", READY);
    browser.keep_picture("seen-dark");
}
