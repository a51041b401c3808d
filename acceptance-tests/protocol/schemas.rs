//! Terraform refuses a whole provider because of one bad schema, so every schema must be acceptable.

use terraform_provider_ipam::{provider, tf};

#[test]
fn every_schema_is_one_that_terraform_accepts() {
    let provider = provider::provider();
    let config = ("provider", provider.config.schema());
    let resources = provider.resources.iter().map(|resource| (resource.type_name(), resource.schema()));
    let data = provider.data_sources.iter().map(|data| (data.type_name(), data.schema()));
    let ephemeral = provider.ephemeral_resources.iter().map(|resource| (resource.type_name(), resource.schema()));
    let actions = provider.actions.iter().map(|action| (action.type_name(), action.schema()));
    for (name, schema) in [config].into_iter().chain(resources).chain(data).chain(ephemeral).chain(actions) {
        assert_eq!(tf::schema_problems(&schema), [""; 0], "{name}");
    }
    for function in &provider.functions {
        assert_eq!(tf::signature_problems(function.name(), &function.signature()), [""; 0]);
    }
}

#[test]
fn no_name_is_taken_twice() {
    let provider = provider::provider();
    let resources = provider.resources.iter().map(|resource| format!("resource {}", resource.type_name()));
    let data = provider.data_sources.iter().map(|data| format!("data source {}", data.type_name()));
    let actions = provider.actions.iter().map(|action| format!("action {}", action.type_name()));
    let functions = provider.functions.iter().map(|function| format!("function {}", function.name()));
    let ephemeral = provider.ephemeral_resources.iter().map(|one| format!("ephemeral resource {}", one.type_name()));
    let mut names: Vec<_> = resources.chain(data).chain(ephemeral).chain(actions).chain(functions).collect();
    names.sort();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
}
