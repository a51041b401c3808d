//! Filters and pages.

use serde_json::{Value, json};

use super::endpoint::{Script, Trouble};
use super::scene::{HOME, Scene, text};

fn names(answer: &Value) -> Vec<String> {
    let pools = answer["IpamPools"].as_array().unwrap();
    pools.iter().map(|pool| text(&pool["Tags"][0]["Value"])).collect()
}

fn scene_of_pools(count: usize) -> Scene {
    let scene = Scene::new();
    for number in 0..count {
        let tags =
            json!([{"ResourceType": "ipam-pool", "Tags": [{"Key": "Name", "Value": format!("pool {number:02}")}]}]);
        let locale = if number % 2 == 0 { HOME } else { "None" };
        scene.pool(json!({"TagSpecifications": tags, "Locale": locale, "Description": format!("number {number}")}));
    }
    scene
}

#[test]
fn filters_narrow_a_list() {
    let scene = scene_of_pools(4);
    let with = |filters: Value| names(&scene.home.call("describe_ipam_pools", json!({"Filters": filters})));
    assert_eq!(with(json!([{"Name": "tag:Name", "Values": ["pool 02"]}])), ["pool 02"]);
    assert_eq!(with(json!([{"Name": "locale", "Values": ["None"]}])), ["pool 01", "pool 03"]);
    assert_eq!(with(json!([{"Name": "description", "Values": ["number 1", "number ?"]}])).len(), 4);
    assert_eq!(with(json!([{"Name": "description", "Values": ["*er 3"]}])), ["pool 03"]);
    assert_eq!(with(json!([{"Name": "tag-key", "Values": ["Name"]}, {"Name": "state", "Values": ["x"]}])).len(), 0);
    assert_eq!(
        with(json!([{"Name": "auto-import", "Values": ["false"]}, {"Name": "pool-depth", "Values": ["1"]}])).len(),
        4
    );
    let tags =
        scene.home.call("describe_tags", json!({"Filters": [{"Name": "value", "Values": ["pool 0[12]", "pool 01"]}]}));
    assert_eq!(tags["Tags"].as_array().unwrap().len(), 1);
    assert_eq!(tags["Tags"][0]["ResourceType"], "ipam-pool");
    scene.is_sound();
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let scene = scene_of_pools(12);
    let pages = scene.home.pages("describe_ipam_pools", json!({"PaginationConfig": {"PageSize": 5}}));
    let found: Vec<Vec<String>> = pages.iter().map(names).collect();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2]);
    assert_eq!(found.concat(), (0..12).map(|number| format!("pool {number:02}")).collect::<Vec<_>>());
    scene.endpoint.script(Script { page_max: 1, ..Script::at_once() });
    assert_eq!(scene.home.pages("describe_ipam_pools", json!({})).len(), 12);
    scene.is_sound();
}

#[test]
fn a_page_token_is_valid_for_its_request_only() {
    let scene = scene_of_pools(6);
    let first = scene.home.call("describe_ipam_pools", json!({"MaxResults": 5}));
    let token = &first["NextToken"];
    let next = scene.home.call("describe_ipam_pools", json!({"MaxResults": 5, "NextToken": token}));
    assert_eq!((names(&next), &next["NextToken"]), (vec!["pool 05".to_owned()], &Value::Null));
    let filters = json!([{"Name": "locale", "Values": [HOME]}]);
    let other = json!({"NextToken": token, "Filters": filters});
    scene.home.refused("describe_ipam_pools", other, "InvalidNextToken", "");
    scene.home.refused("describe_ipam_pools", json!({"NextToken": "made up"}), "InvalidNextToken", "");
    scene.endpoint.trouble("DescribeIpamPools", 1, Trouble::Throttle);
    scene.home.refused("describe_ipam_pools", json!({}), "RequestLimitExceeded", "");
}

#[test]
fn every_list_of_the_core_has_pages() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    scene.allocate(&leaf, 24);
    scene.allocate(&leaf, 24);
    scene.provision(&leaf, "10.1.0.0/16");
    scene.endpoint.script(Script { page_max: 1, ..Script::at_once() });
    let rows = [
        ("describe_ipams", json!({}), 1),
        ("describe_ipam_scopes", json!({}), 2),
        ("describe_ipam_pools", json!({}), 2),
        ("get_ipam_pool_cidrs", json!({"IpamPoolId": leaf}), 2),
        ("get_ipam_pool_allocations", json!({"IpamPoolId": leaf}), 2),
        ("get_ipam_pool_allocations", json!({"IpamPoolId": top}), 2),
        ("describe_ipam_pool_allocations", json!({}), 4),
    ];
    for (action, arguments, count) in rows {
        assert_eq!(scene.home.pages(action, arguments).len(), count, "{action}");
    }
    scene.is_sound();
}
