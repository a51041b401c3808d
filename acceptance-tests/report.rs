//! The report as a user sees it: written by the built binary, shown by a real browser.

mod mouse;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use terraform_provider_ipam::backend::report::{Ask, Report};
use terraform_provider_ipam::backend::{PoolChange, Terms, TrendPoint, forecast};
use terraform_provider_ipam::ipam::{Allocation, AllocationSpec, Pool, Rules, Size, Tags};

use crate::harness::browser::Browser;
use crate::harness::store::{NewPool, Store};
use crate::harness::{PROVIDER, Workspace};

/// The number of allocations on a large page.
const MANY: usize = 100_000;
/// Longest time to open that page, on a busy machine with two cores.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
const HOSTILE: &str = "</script><img src=x onerror=\"document.title='broken'\"><b>";
const READY: &str = "document.documentElement?.dataset.ready !== undefined";

/// The pools `corp` and `six`. `corp` is divided into `eu` with `prod`, in which `web` breaks a rule that was added
/// later and `api` is planned.
struct Scene {
    directory: TempDir,
    store: Store,
    prod: Pool,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path().join("ipam.db"));
        let corp = store.add_pool(&NewPool { name: "corp", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
        let eu = NewPool { name: "eu", source: Some(&corp.meta.id), cidrs: &["10.0.0.0/12"], ..NewPool::default() };
        let eu = store.add_pool(&NewPool { locale: Some("eu-west-1"), ..eu });
        let prod = NewPool { name: "prod", source: Some(&eu.meta.id), cidrs: &["10.0.0.0/20"], ..NewPool::default() };
        let prod = store.add_pool(&prod);
        let six = store.add_pool(&NewPool { name: "six", cidrs: &["2001:db8::/32"], ..NewPool::default() });
        store.add_allocation(&prod.meta.id, "web", "10.0.0.0/24");
        store.add_allocation(&prod.meta.id, "database", "10.0.2.0/26");
        store.add_allocation(&prod.meta.id, HOSTILE, "10.0.3.0/24");
        store.add_allocation(&six.meta.id, "vpc6", "2001:db8:1::/48");
        let ipam = store.open();
        let hold = Duration::from_secs(3600);
        let terms = Terms { hold, ..Terms::default() };
        ipam.holds().unwrap().plan_allocation(&spec(&prod, "api"), &terms).unwrap();
        let rules = Rules { min_netmask_length: Some(25), ..Rules::default() };
        let (name, provision) = (prod.meta.name.clone(), prod.provision.clone());
        let change = PoolChange {
            auto_import: false,
            locale: None,
            name,
            description: None,
            rules,
            strategy: prod.strategy,
            tags: Tags::new(),
            provision,
        };
        ipam.update_pool(&prod.meta.id, &change).unwrap();
        Self { directory, store, prod }
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(PROVIDER);
        command.arg("report").args(arguments).current_dir(self.directory.path()).env_remove("TF_PLUGIN_MAGIC_COOKIE");
        self.store.tell(&mut command).output().unwrap()
    }

    #[track_caller]
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn page(&self) -> PathBuf {
        self.text(&["--html", "report.html"]);
        self.directory.path().join("report.html")
    }
}

fn spec(pool: &Pool, name: &str) -> AllocationSpec {
    AllocationSpec::new(pool.meta.id.clone(), name, Size::NetmaskLength(24))
}

/// Texts of the elements that a selector finds.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let all = browser.run(&format!("[...document.querySelectorAll({selector:?})].map((one) => one.innerText.trim())"));
    all.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_quiet(browser: &mut Browser, page: &Path) {
    assert_eq!(browser.complaints(), [Value::Null; 0]);
    let own = format!("file://{}", page.parent().unwrap().display());
    let foreign = |url: &String| !url.starts_with(&own) && url != "about:blank" && !url.starts_with("data:");
    assert_eq!(
        browser.requests().into_iter().filter(foreign).collect::<Vec<_>>(),
        [""; 0],
        "nothing is asked of anybody"
    );
}

#[test]
fn every_form_comes_out_of_one_command_and_a_wrong_one_is_refused() {
    let scene = Scene::new();
    let json: Value = serde_json::from_str(&scene.text(&["--json"])).unwrap();
    assert_eq!(json["pools"].as_array().unwrap().len(), 4);
    assert_eq!(json["problems"].as_array().unwrap().len(), 3, "web, api and the hostile one: {}", json["problems"]);
    assert_eq!(scene.text(&["--csv", "allocations"]).matches("\r\n").count(), 6);
    assert_eq!(scene.text(&["--csv", "pools", "--pool", "eu"]).matches("\r\n").count(), 3);
    assert!(scene.text(&["--markdown", "--scope", "default-private"]).contains("| corp/eu/prod |"));
    assert!(scene.text(&["--html", "-"]).starts_with("<!doctype html>"));
    let said = scene.text(&["--html", "report.html"]);
    assert!(said.ends_with("report.html: 4 pools, 5 allocations, 3 errors, 0 warnings.\n"), "{said}");
    let files = std::fs::read_dir(scene.directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!files.into_iter().any(|name| name.to_string_lossy().ends_with(".part")), "nothing half-written is left");
    for (arguments, words) in [
        (&[][..], "--html <FILE>"),
        (&["--json", "--markdown"], "cannot be used with"),
        (&["--json", "--pool", "none"], "There is no pool \"none\""),
        (&["--json", "--scope", "none"], "There is no scope \"none\""),
        (&["--html", "/proc/no/such"], "cannot be written"),
    ] {
        let output = scene.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn the_page_shows_everything_sends_no_request_and_no_name_breaks_it() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, "", READY);
    assert_eq!(
        texts(&mut browser, "section:not([hidden]) h2"),
        ["Problems 3", "Address space", "Pools 4", "Allocations 5", "Recent events 12"]
    );
    let pools = texts(&mut browser, "#pools [role=row] .name");
    assert_eq!(pools, ["corp", "eu", "prod", "six"]);
    let names = texts(&mut browser, "#allocations .rows .name");
    assert!(names.contains(&HOSTILE.to_owned()), "a name must be shown as text: {names:?}");
    assert_eq!(browser.run("document.title"), json!("IPAM report"));
    assert_eq!(browser.run("document.querySelectorAll('img, iframe, object').length"), json!(0));
    let why = "It is larger than the pool allows: /25 is the largest (allocation_min_netmask_length).";
    assert_eq!(texts(&mut browser, ".problem p"), [why, why, why]);
    // The page cannot send requests: its own policy refuses them before anything leaves the browser.
    let refused = browser.run(
        "new Promise((tell) => {
          addEventListener('securitypolicyviolation', (event) => tell(`${event.effectiveDirective} ${event.blockedURI}`));
          fetch('http://127.0.0.1:9/').catch(() => setTimeout(tell, 1000, 'not refused by the policy'));
        })",
    );
    assert_eq!(refused, json!("connect-src http://127.0.0.1:9/"));
    browser.keep_picture("page");
}

#[test]
fn a_search_finds_names_addresses_and_blocks() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, "", READY);
    for (text, found) in [
        ("database", "1 allocation, 0 pools, 1 event found"),
        ("10.0.2.9", "1 allocation, 3 pools, 5 events found"),
        ("10.0.2.0/23", "2 allocations, 3 pools, 6 events found"),
        ("2001:DB8:1::7", "1 allocation, 1 pool, 2 events found"),
        ("nothing like it", "0 allocations, 0 pools, 0 events found"),
    ] {
        browser.press("/");
        browser.run("document.activeElement.select()");
        browser.write(text);
        browser.wait_until(&format!("document.getElementById('found').textContent === {found:?}"));
    }
    browser.run("document.getElementById('reset').click()");
    assert_eq!(texts(&mut browser, "#allocations-title"), ["Allocations 5"]);
    browser.run("document.getElementById('faulty').click()");
    assert_eq!(texts(&mut browser, "#allocations-title"), ["Allocations 3 of 5"]);
    assert_quiet(&mut browser, &page);
}

#[test]
fn the_keyboard_is_enough() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, "", READY);
    // The tree of pools: the keys go down to `eu`, close it, open it, and choose `prod`.
    browser.run("document.querySelector('#pools [role=treegrid]').focus()");
    browser.press("ArrowDown");
    browser.press("ArrowLeft");
    assert_eq!(texts(&mut browser, "#pools .rows .name"), ["corp", "eu", "six"]);
    browser.press("ArrowRight");
    browser.press("ArrowDown");
    browser.press("Enter");
    assert_eq!(texts(&mut browser, "#pool-title"), ["prod corp/eu/prod"]);
    assert_eq!(browser.run("document.activeElement.id"), json!("pool"));
    assert_eq!(browser.run("location.hash"), json!(format!("#pool={}", scene.prod.meta.id)));
    assert_eq!(texts(&mut browser, "#map .crumbs > *").len(), 3, "the map follows");
    assert_eq!(texts(&mut browser, "#allocations .rows [role=row]").len(), 4);
    // The map: the keys go from one part to the next, into a block that is too small for its cell, and back.
    browser.run("document.querySelector('#map .cell').focus()");
    let first = browser.run("document.activeElement.getAttribute('aria-label')");
    assert!(first.as_str().unwrap().starts_with("10.0.0.0/24, used by web"), "{first}");
    browser.press("ArrowRight");
    let second = browser.run("document.activeElement.getAttribute('aria-label')");
    assert!(second.as_str().unwrap().starts_with("10.0.1.0/24, planned"), "{second}");
    browser.press("Escape");
    assert_eq!(texts(&mut browser, "#map .crumbs > *").len(), 2);
    browser.press("Enter");
    assert_eq!(texts(&mut browser, "#map .crumbs > *").len(), 3);
    // A link to a pool opens it.
    browser.open(&page, &format!("#pool={}", scene.prod.meta.id), READY);
    assert_eq!(texts(&mut browser, "#pool-title"), ["prod corp/eu/prod"]);
    assert_quiet(&mut browser, &page);
}

/// Texts whose contrast to their background is less than AA of WCAG requires, and that contrast.
const FAINT: &str = r"(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      const color = rgba(style.backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll('body *')) {
    const isText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!isText || !node.checkVisibility({ visibilityProperty: true }) || node.closest('.unseen, .skip, svg, script')) continue;
    const back = behind(node);
    if (!back) continue;
    const style = getComputedStyle(node);
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const ink = rgba(style.color).slice(0, 3).map((part, place) => part * opacity + back[place] * (1 - opacity));
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
    const isLarge = parseFloat(style.fontSize) >= 24;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${node.className || node.tagName} ${node.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return faint;
})()";

#[test]
fn it_can_be_read_in_light_dark_print_and_on_a_telephone() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    for (width, medium, scheme) in [
        (1440, "screen", "light"),
        (1440, "screen", "dark"),
        (390, "screen", "light"),
        (390, "screen", "dark"),
        (800, "print", "light"),
    ] {
        browser.look(width, medium, scheme);
        browser.open(&page, &format!("#pool={}", scene.prod.meta.id), READY);
        let name = format!("{width}-{medium}-{scheme}");
        let is_dark = browser.run("getComputedStyle(document.body).backgroundColor") == json!("rgb(15, 20, 27)");
        assert_eq!(is_dark, scheme == "dark", "{name}");
        assert_eq!(browser.run(FAINT), json!([]), "{name}: text that is hard to read");
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.run(overflow), json!(0), "{name}: no element is wider than the page");
        browser.keep_picture(&name);
    }
    let seen = "[...document.querySelectorAll('.tools, .skip, #theme')].filter((one) => one.checkVisibility()).length";
    assert_eq!(browser.run(seen), json!(0), "controls are not printed");
    // Users can choose the other color scheme than that of their system.
    browser.look(1440, "screen", "light");
    browser.run("[1, 2].forEach(() => document.getElementById('theme').click())");
    assert_eq!(browser.run("getComputedStyle(document.body).backgroundColor"), json!("rgb(15, 20, 27)"));
    assert_quiet(&mut browser, &page);
}

#[test]
fn every_element_has_a_role_and_a_name_for_assistive_technology() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, &format!("#pool={}", scene.prod.meta.id), READY);
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let mut roles = BTreeSet::new();
    let mut nameless = Vec::new();
    for node in tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != json!(true)) {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        roles.insert(role.to_owned());
        let name = node["name"]["value"].as_str().unwrap_or_default();
        let must =
            ["button", "link", "textbox", "searchbox", "combobox", "checkbox", "grid", "treegrid", "region", "image"];
        if must.contains(&role) && name.trim().is_empty() {
            nameless.push(node.to_string());
        }
    }
    assert_eq!(nameless, [""; 0]);
    for role in [
        "banner",
        "main",
        "search",
        "searchbox",
        "region",
        "treegrid",
        "grid",
        "row",
        "columnheader",
        "gridcell",
        "image",
        "status",
    ] {
        assert!(roles.contains(role), "{role} is not among {roles:?}");
    }
    let levels =
        browser.run("[...document.querySelectorAll('[aria-level]')].map((row) => row.getAttribute('aria-level'))");
    assert_eq!(levels, json!(["1", "2", "3", "1"]));
    let ids = browser.run("(() => { const ids = [...document.querySelectorAll('[id]')].map((one) => one.id); return ids.length - new Set(ids).size; })()");
    assert_eq!(ids, json!(0), "no id twice");
}

#[test]
fn a_page_of_a_hundred_thousand_allocations_opens_at_once() {
    let scene = Scene::new();
    let mut report = Report::gather(scene.store.open().as_ref(), &Ask::default()).unwrap();
    let pattern = report.allocations[0].clone();
    report.allocations = (0..MANY).map(|place| numbered(&pattern, place)).collect();
    report.problems.clear();
    let page = scene.directory.path().join("many.html");
    std::fs::write(&page, report.html()).unwrap();
    let trivial = scene.directory.path().join("trivial.html");
    std::fs::write(&trivial, "<!doctype html><title>trivial</title><p>Nothing").unwrap();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&trivial, "", "document.readyState === 'complete'");
    let least = browser.open(&trivial, "", "document.title === 'trivial' && document.readyState === 'complete'");
    let taken = browser.open(&page, "", READY);
    let ratio = taken.as_secs_f64() / least.as_secs_f64();
    println!("{MANY} allocations: {taken:?}, {ratio:.1} times a trivial page ({least:?})");
    assert!(taken < OPENS_WITHIN, "{taken:?}, {ratio:.1} times a trivial page");
    assert_eq!(texts(&mut browser, "#allocations-title"), ["Allocations 100,000"]);
    assert!(texts(&mut browser, "#allocations .rows [role=row]").len() < 100, "only visible rows are in the page");
    // The end of the list, and a row in the middle.
    browser.run("document.querySelector('#allocations [role=grid]').focus()");
    browser.press("End");
    browser.wait_until("document.querySelector('#allocations .row.active')?.textContent.includes('host-099999')");
    browser.press("/");
    browser.write("host-054321");
    browser.wait_until("document.getElementById('found').textContent.startsWith('1 allocation,')");
    assert_quiet(&mut browser, &page);
}

/// The same allocation in the block of eight addresses at `place`.
fn numbered(pattern: &Allocation, place: usize) -> Allocation {
    let mut one = pattern.clone();
    one.meta.id = format!("ipam-pool-alloc-{place:017x}");
    one.meta.name = format!("host-{place:06}");
    let first = u32::from(std::net::Ipv4Addr::new(10, 0, 0, 0)) + u32::try_from(place * 8).unwrap();
    one.cidr = format!("{}/29", std::net::Ipv4Addr::from(first)).parse().unwrap();
    one.tags.insert("app".to_owned(), format!("app-{}", place % 40));
    one
}

#[test]
fn a_rule_that_is_no_longer_kept_fails_the_plan_that_asks_for_it() {
    let workspace = Workspace::new();
    let configure = |rule: &str| {
        workspace.configure(&format!(
            "resource \"ipam_pool\" \"prod\" {{\n  name = \"prod\"\n  cidrs = [\"10.0.0.0/16\"]\n{rule}}}\n\
             resource \"ipam_allocation\" \"web\" {{\n  ipam_pool_id = ipam_pool.prod.id\n  name = \"web\"\n  \
             netmask_length = 24\n}}\n\
             data \"ipam_report\" \"prod\" {{\n  ipam_pool_id = ipam_pool.prod.id\n  lifecycle {{\n    postcondition {{\n      \
             condition = alltrue([for one in self.problems : one.severity != \"error\"])\n      \
             error_message = join(\" \", [for one in self.problems : one.what])\n    }}\n  }}\n}}\n"
        ));
    };
    configure("");
    workspace.apply();
    workspace.assert_settled();
    // The rule is changed outside this configuration, so that its check does not run at that time.
    let ipam = workspace.store().open();
    let prod = workspace.store().pools().remove(0);
    let rules = Rules { min_netmask_length: Some(26), ..Rules::default() };
    let provision = prod.provision.clone();
    let change = PoolChange {
        name: prod.meta.name,
        description: None,
        rules,
        strategy: prod.strategy,
        tags: Tags::new(),
        provision,
        auto_import: false,
        locale: None,
    };
    ipam.update_pool(&prod.meta.id, &change).unwrap();
    configure("  allocation_min_netmask_length = 26\n");
    workspace.try_plan(&[]).fails().says(&["It is larger than the pool allows: /26 is the largest"]);
}

#[test]
fn a_pool_shows_its_past_and_its_forecast_in_a_drawing_in_words_and_in_a_table() {
    let scene = Scene::new();
    let mut report = Report::gather(scene.store.open().as_ref(), &Ask::default()).unwrap();
    let at = report.at;
    let point = |day: u32| TrendPoint {
        time: at.checked_sub(Duration::from_secs(86_400 * u64::from(9 - day))).unwrap(),
        provisioned: 4096u32.into(),
        used: (300 * day).into(),
    };
    let prod = report.pools.iter_mut().find(|one| one.path == "corp/eu/prod").unwrap();
    prod.trend = (0..10).map(point).collect();
    prod.forecast = forecast(&prod.trend);
    let full = prod.forecast.as_ref().unwrap().full_at.unwrap().strftime("%Y-%m-%d").to_string();
    let page = scene.directory.path().join("past.html");
    std::fs::write(&page, report.html()).unwrap();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, &format!("#pool={}", scene.prod.meta.id), READY);
    let said = format!("Its usage grows by 300 addresses each day. At this rate, it is full on {full}.");
    let label = browser.run("document.querySelector('#pool svg[role=img]').getAttribute('aria-label')");
    assert!(label.as_str().unwrap().contains(&format!("2,700 of 4,096 now. {said}")), "{label}");
    assert!(texts(&mut browser, "#pool figcaption")[0].starts_with(&said));
    browser.run("document.querySelector('#pool summary').click()");
    browser.wait_until("document.querySelectorAll('#pool tbody tr').length === 10");
    let last = texts(&mut browser, "#pool tbody tr:last-child td");
    assert_eq!(last[1..], ["2,700", "4,096", "65.9%"]);
    let is_drawn = "['area', 'line', 'limit', 'guess'].every((part) => !/NaN|undefined/.test(document.querySelector(`#pool \
                    .chart .${part}`).getAttribute('d')))";
    assert_eq!(browser.run(is_drawn), json!(true));
    browser.keep_picture("past");
    assert_quiet(&mut browser, &page);
}
