//! The report with a mouse, and on a small screen.

use super::*;

#[test]
fn the_first_click_on_a_row_counts() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, "", READY);
    // No element has the focus yet: the click sets it, and opens the row.
    browser.click("#pools .rows [role=row]:nth-child(3)");
    browser.wait_until("!document.getElementById('pool').hidden");
    assert_eq!(texts(&mut browser, "#pool-title"), ["prod corp/eu/prod"]);
    browser.click("#allocations .rows [role=row]:nth-child(2)");
    browser.wait_until("document.querySelectorAll('#allocations .row.chosen').length === 1");
    assert_quiet(&mut browser, &page);
}

#[test]
fn a_link_to_a_pool_goes_there() {
    let scene = Scene::new();
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    let fragment = format!("#pool={}", scene.prod.meta.id);
    let is_there =
        "(({ top }) => top >= 0 && top < innerHeight / 2)(document.getElementById('pool').getBoundingClientRect())";
    browser.open(&page, &fragment, READY);
    browser.wait_until(is_there);
    // So does a link that is followed in an open page.
    browser.open(&page, "", READY);
    browser.run(&format!("scrollTo(0, 0); location.hash = {fragment:?}"));
    browser.wait_until(is_there);
    assert_eq!(texts(&mut browser, "#pool-title"), ["prod corp/eu/prod"]);
}

#[test]
fn each_block_of_a_pool_has_its_own_percentage() {
    let scene = Scene::new();
    let two = NewPool { name: "two", cidrs: &["172.16.0.0/24", "172.17.0.0/24"], ..NewPool::default() };
    let two = scene.store.add_pool(&two);
    scene.store.add_allocation(&two.meta.id, "all", "172.16.0.0/24");
    let page = scene.page();
    let mut browser = Browser::start();
    browser.look(1280, "screen", "light");
    browser.open(&page, "", READY);
    let roots = texts(&mut browser, "#map .root");
    let of = |block: &str| {
        let root = roots.iter().find(|root| root.starts_with(block));
        root.unwrap_or_else(|| panic!("{roots:?}")).lines().last().unwrap().to_owned()
    };
    assert_eq!((of("172.16.0.0/24"), of("172.17.0.0/24")), ("100.0%".to_owned(), "0.0%".to_owned()));
}

#[test]
fn netmask_lengths_are_never_cut_off() {
    let scene = Scene::new();
    let long = NewPool { name: "long", cidrs: &["2001:db9:1111:2222:3333:4444::/96"], ..NewPool::default() };
    let long = scene.store.add_pool(&NewPool { source: None, ..long });
    scene.store.add_allocation(&long.meta.id, "longest", "2001:db9:1111:2222:3333:4444:5555:6600/120");
    let page = scene.page();
    let mut browser = Browser::start();
    for width in [420, 700, 1280] {
        browser.look(width, "screen", "light");
        browser.open(&page, "", READY);
        let cut = browser.run(
            "[...document.querySelectorAll('.cidr')].filter((one) => {
              const [outer, inner] = [one, one.firstChild].map((node) => node.getBoundingClientRect());
              return inner.right > outer.right + 1;
            }).map((one) => one.textContent)",
        );
        assert_eq!(cut, json!([]), "{width}");
        let is_narrow =
            browser.run("[...document.querySelectorAll('.cidr')].some((one) => one.scrollWidth > one.clientWidth)");
        assert!(width > 420 || is_narrow == json!(true), "in a page of {width} something is too long");
    }
}
