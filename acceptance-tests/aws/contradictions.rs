//! AWS, or the endpoint that plays it, answers with other values than the request had: the error shows both values, and
//! the object that was made is in the state.

use super::endpoint::Trouble;
use super::resources::of_account;
use super::scene::{ACCOUNT, Scene};
use crate::harness::Workspace;

fn start() -> (Scene, Workspace) {
    let scene = Scene::new();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    (scene, workspace)
}

/// Makes the endpoint carry out the next call of `action` with `answered` in place of `asked`.
fn confuse(scene: &Scene, action: &str, asked: &str, answered: &str) {
    let other = Trouble::AnswerAbout { asked: asked.to_owned(), answered: answered.to_owned() };
    scene.endpoint.trouble(action, 1, other);
}

#[test]
fn another_attribute_than_requested_is_reported_with_both_values_and_the_object_is_in_the_state() {
    for (action, kind, body) in [
        ("CreateIpamScope", "ipam_scope", "name = \"a\"\n  description = \"mine\""),
        ("CreateIpamPool", "ipam_pool", "name = \"a\"\n  address_family = \"ipv4\"\n  description = \"mine\""),
        (
            "CreateIpamPrefixListResolver",
            "ipam_prefix_list_resolver",
            "name = \"a\"\n  address_family = \"ipv4\"\n  description = \"mine\"",
        ),
    ] {
        let (scene, workspace) = start();
        workspace.configure(&format!("resource \"{kind}\" \"a\" {{\n  {body}\n}}\n"));
        confuse(&scene, action, "mine", "theirs");
        let said = [
            "The answer differs from the request",
            &format!("description of this {kind} was requested as \"mine\", and aws-ipam ("),
            "answered \"theirs\".",
        ];
        workspace.try_apply(&[]).fails().says(&said).never_says("bug in the provider");
        assert_eq!(workspace.state().text(&format!("{kind}.a.description")), "theirs", "the object is in the state");
        workspace.apply();
        workspace.assert_settled();
        assert_eq!(workspace.state().text(&format!("{kind}.a.description")), "mine");
        workspace.destroy();
        scene.is_sound();
    }
}

#[test]
fn a_change_with_another_result_is_reported_and_planned_again() {
    let (scene, workspace) = start();
    let pool = |description: &str| {
        let pool = "name = \"a\"\n  address_family = \"ipv4\"";
        workspace
            .configure(&format!("resource \"ipam_pool\" \"a\" {{\n  {pool}\n  description = \"{description}\"\n}}\n"));
    };
    pool("first");
    workspace.apply();
    pool("second");
    confuse(&scene, "ModifyIpamPool", "second", "third");
    let said = ["description of this ipam_pool was requested as \"second\"", "answered \"third\"."];
    workspace.try_apply(&[]).fails().says(&said).never_says("bug in the provider");
    assert_eq!(workspace.plan().actions().into_values().collect::<Vec<_>>(), ["update"]);
    workspace.apply_saved();
    workspace.assert_settled();
}

#[test]
fn another_block_than_requested_is_reported_and_released() {
    let (scene, workspace) = start();
    let (_, leaf) = scene.tree();
    workspace.configure(&format!(
        "resource \"ipam_allocation\" \"a\" {{\n  ipam_pool_id = \"{leaf}\"\n  name = \"a\"\n  cidr = \"10.0.5.0/24\"\n}}\n"
    ));
    confuse(&scene, "AllocateIpamPoolCidr", "10.0.5.0/24", "10.0.6.0/24");
    let said = ["AWS was asked for cidr 10.0.5.0/24, and answered with 10.0.6.0/24", "The provider released it again"];
    workspace.try_apply(&[]).fails().says(&said).never_says("bug in the provider");
    assert_eq!(scene.allocated(&leaf), Vec::<String>::new(), "an allocation is left that is in no state");
    workspace.apply();
    assert_eq!(scene.allocated(&leaf), ["10.0.5.0/24"]);
    scene.is_sound();
}
