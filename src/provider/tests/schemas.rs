//! The schema of the provider, as users see it. `UPDATE_GOLDEN=1 cargo test golden` writes the golden file again.

use std::path::Path;

use super::*;
use crate::tf::{
    Attribute, AttributeType, Block, NestedBlock, Schema, Type, Value, schema_problems, signature_problems,
};

fn attribute(of: &Attribute) -> Json {
    let mut flags: Vec<&str> = Vec::new();
    let all = [
        (of.required, "required"),
        (of.optional, "optional"),
        (of.computed, "computed"),
        (of.sensitive, "sensitive"),
        (of.write_only, "write_only"),
        (of.replace, "replace"),
    ];
    flags.extend(all.iter().filter(|(set, _)| *set).map(|(_, name)| name));
    let mut json = json!({"type": of.ty.value_type().to_json(), "flags": flags.join(" ")});
    if let Some(default) = &of.default {
        json["default"] = json!(crate::provider::testing::shown(default));
    }
    if let Some(instead) = &of.deprecated {
        json["deprecated"] = json!(instead);
    }
    if let AttributeType::Nested(nesting, nested) = &of.ty {
        json["nesting"] = json!(format!("{nesting:?}"));
        json["attributes"] = nested.iter().map(|inner| (inner.name.to_owned(), attribute(inner))).collect();
    }
    json
}

fn block(of: &Block) -> Json {
    let attributes: Json = of.attributes.iter().map(|one| (one.name.to_owned(), attribute(one))).collect();
    let nested = |nested: &NestedBlock| {
        let mut json = block(&nested.block);
        if nested.repeated {
            json["repeated"] = true.into();
        }
        (nested.name.to_owned(), json)
    };
    let blocks: Json = of.blocks.iter().map(nested).collect();
    json!({"attributes": attributes, "blocks": blocks})
}

fn schema(of: &Schema) -> Json {
    with(&block(&of.block), &json!({"version": of.version}))
}

#[test]
fn golden_schema_is_what_users_see() {
    let provider = crate::provider::provider();
    let resources: Json =
        provider.resources.iter().map(|one| (one.type_name().to_owned(), schema(&one.schema()))).collect();
    let sources: Json =
        provider.data_sources.iter().map(|one| (one.type_name().to_owned(), schema(&one.schema()))).collect();
    let ephemeral: Json =
        provider.ephemeral_resources.iter().map(|one| (one.type_name().to_owned(), schema(&one.schema()))).collect();
    let lists: Json =
        provider.list_resources.iter().map(|one| (one.type_name().to_owned(), schema(&one.schema()))).collect();
    let actions: Json =
        provider.actions.iter().map(|one| (one.type_name().to_owned(), schema(&one.schema()))).collect();
    let functions = provider.functions.iter().map(|function| {
        let signature = function.signature();
        let parameters: Vec<Json> = signature
            .parameters
            .iter()
            .map(|one| json!({one.name: one.ty.to_json(), "null": one.allow_null}))
            .collect();
        let variadic = signature.variadic.map(|one| json!({one.name: one.ty.to_json()}));
        let returns = signature.returns.to_json();
        (function.name().to_owned(), json!({"parameters": parameters, "variadic": variadic, "returns": returns}))
    });
    let now = json!({
        "provider": schema(&provider.config.schema()),
        "resources": resources,
        "data_sources": sources,
        "ephemeral_resources": ephemeral,
        "list_resources": lists,
        "actions": actions,
        "functions": functions.collect::<Json>(),
    });
    assert_golden("src/provider/schema.golden.json", &now);
}

/// Compares with a file of the repository, or writes it.
#[track_caller]
fn assert_golden(file: &str, now: &Json) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = serde_json::to_string_pretty(now).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "What users see has changed: UPDATE_GOLDEN=1 cargo test golden, and look at the difference."
    );
}

/// Attributes as `terraform providers schema -json` shows them.
fn shown_attributes(of: &[Attribute]) -> Json {
    let attribute = |one: &Attribute| {
        let mut json = json!({"description": one.description, "description_kind": "markdown"});
        match &one.ty {
            AttributeType::Plain(ty) => json["type"] = ty.to_json(),
            AttributeType::Nested(nesting, nested) => {
                let mode = format!("{nesting:?}").to_lowercase();
                json["nested_type"] = json!({"attributes": shown_attributes(nested), "nesting_mode": mode});
            }
        }
        let flags = [
            ("required", one.required),
            ("optional", one.optional),
            ("computed", one.computed),
            ("sensitive", one.sensitive),
            ("deprecated", one.deprecated.is_some()),
        ];
        for (flag, _) in flags.iter().filter(|(_, set)| *set) {
            json[flag] = true.into();
        }
        (one.name.to_owned(), json)
    };
    of.iter().map(attribute).collect()
}

/// A block as `terraform providers schema -json` shows it.
fn shown(of: &Schema) -> Json {
    let block = &of.block;
    assert!(block.blocks.is_empty(), "no page has nested blocks yet");
    let attributes = shown_attributes(&block.attributes);
    json!({"block": {"attributes": attributes, "description": block.description, "description_kind": "markdown"}})
}

/// `cargo xtask docs` asks the client at hand for the schemas, and a client before Terraform 1.14 does not show all.
#[test]
fn golden_schemas_that_old_clients_do_not_show_are_there_for_the_pages() {
    let provider = crate::provider::provider();
    let lists = provider.list_resources.iter().map(|one| (one.type_name().to_owned(), shown(&one.schema())));
    let actions = provider.actions.iter().map(|one| (one.type_name().to_owned(), shown(&one.schema())));
    let (lists, actions): (Json, Json) = (lists.collect(), actions.collect());
    let newer = json!({"list_resource_schemas": lists, "action_schemas": actions});
    assert_golden("xtask/src/docs/newer.schema.json", &newer);
}

#[test]
fn terraform_accepts_every_schema() {
    let provider = crate::provider::provider();
    let schemas = provider.resources.iter().map(|one| (one.type_name(), one.schema()));
    let schemas = schemas.chain(provider.data_sources.iter().map(|one| (one.type_name(), one.schema())));
    let schemas = schemas.chain(provider.list_resources.iter().map(|one| (one.type_name(), one.schema())));
    let schemas = schemas.chain(provider.ephemeral_resources.iter().map(|one| (one.type_name(), one.schema())));
    let schemas = schemas.chain(provider.actions.iter().map(|one| (one.type_name(), one.schema())));
    for (name, schema) in schemas.chain([("provider", provider.config.schema())]) {
        assert_eq!(schema_problems(&schema), [""; 0], "{name}");
    }
    for function in &provider.functions {
        assert_eq!(signature_problems(function.name(), &function.signature()), [""; 0]);
    }
}

#[test]
fn every_attribute_is_described_in_sentences() {
    let provider = crate::provider::provider();
    let resources = provider.resources.iter().map(|one| (one.type_name(), one.schema().block));
    let lists = provider.list_resources.iter().map(|one| (one.type_name(), one.schema().block));
    let ephemeral = provider.ephemeral_resources.iter().map(|one| (one.type_name(), one.schema().block));
    let actions = provider.actions.iter().map(|one| (one.type_name(), one.schema().block));
    for (type_name, block) in resources.chain(lists).chain(ephemeral).chain(actions) {
        assert!(block.description.ends_with('.'), "{type_name}");
        let nested = block.blocks.iter().flat_map(|nested| &nested.block.attributes);
        for attribute in block.attributes.iter().chain(nested) {
            assert!(attribute.description.ends_with('.'), "{type_name}.{}", attribute.name);
        }
    }
}

/// Terraform refuses a list resource without a resource of the same type.
#[test]
fn every_list_resource_has_a_resource_of_its_type() {
    let provider = crate::provider::provider();
    for list in &provider.list_resources {
        assert!(provider.resource(list.type_name()).is_some(), "{}", list.type_name());
    }
}

fn example(ty: &Type) -> Value {
    match ty {
        Type::String => "x".into(),
        Type::Bool => true.into(),
        Type::Number => 24.into(),
        Type::List(item) | Type::Set(item) => Value::List(vec![example(item)]),
        Type::Map(item) => Value::Map([("k".to_owned(), example(item))].into()),
        Type::Object(attributes, _) => {
            Value::Map(attributes.iter().map(|(name, ty)| (name.clone(), example(ty))).collect())
        }
        other => panic!("{other:?}"),
    }
}

/// Attributes at any depth that accept only certain texts, each with a text that it accepts.
const WORDS: [(&str, &str); 41] = [
    ("address_family", "ipv4"),
    ("addresses", "10.0.0.1"),
    ("allocation_strategy", "sparse"),
    ("asn", "64496"),
    ("aws_service", "ec2"),
    ("cidr", "10.0.0.0/24"),
    ("cidrs", "10.0.0.0/24"),
    ("delegated_admin_account_id", "111122223333"),
    ("disallowed_cidrs", "10.0.0.0/24"),
    ("draining_cidrs", "10.0.0.0/24"),
    ("excluded_account_ids", "111122223333"),
    ("expires_at", "2026-03-01T12:00:00Z"),
    ("first_usable", "10.0.0.1"),
    ("gateway", "10.0.0.1"),
    ("ipam_scope_type", "private"),
    ("ipv4_address", "10.0.0.1"),
    ("ipv4_cidr", "10.0.0.0/24"),
    ("ipv6_address", "fd80::1"),
    ("ipv6_cidr", "fd80::/64"),
    ("last_usable", "10.0.0.1"),
    ("managed_by", "account"),
    ("metered_account", "ipam-owner"),
    ("operation", "equals"),
    ("organizational_unit_exclusions", "o-1/r-1/ou-1/"),
    ("packing", "by-name"),
    ("preferred_cidr", "10.0.0.0/24"),
    ("public_ip_source", "byoip"),
    ("quarantine", "24h"),
    ("removed_members", "keep"),
    ("reserved_cidrs", "10.0.0.0/24"),
    ("resource_cidr", "10.0.0.0/24"),
    ("resource_type", "eip"),
    ("resource_types", "vpc"),
    ("role_arn", "arn:aws:iam::111122223333:role/discovery"),
    ("rule_type", "static-cidr"),
    ("scope_type", "private"),
    ("static_cidr", "10.0.0.0/24"),
    ("tier", "free"),
    ("ttl", "72h"),
    ("unknown_columns", "tags"),
    ("verification_method", "dns-token"),
];

fn put_words(entries: &mut std::collections::BTreeMap<String, Value>) {
    for (name, value) in entries {
        let word = WORDS.iter().find(|(known, _)| known == name).map(|(_, word)| Value::from(*word));
        match (value, word) {
            // The keys are CIDRs.
            (Value::Map(inner), None) if name == "cidr_priorities" => {
                *inner = std::mem::take(inner).into_values().map(|value| ("10.0.0.0/24".to_owned(), value)).collect();
            }
            (Value::Map(inner), None) if name == "file_formats" => {
                inner.values_mut().for_each(|format| *format = Value::from("azure"));
            }
            (Value::List(items), Some(word)) => *items = vec![word],
            (Value::Map(inner), Some(word)) => inner.values_mut().for_each(|value| *value = word.clone()),
            (value, Some(word)) => *value = word,
            (Value::Map(inner), None) => put_words(inner),
            (Value::List(items), None) => {
                for item in items {
                    if let Value::Map(inner) = item {
                        put_words(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A model reads and writes exactly the attributes of its schema: decoding and encoding keep all values.
#[test]
fn schema_and_struct_agree() {
    let shared = std::sync::Arc::new(crate::provider::shared::Shared::default());
    shared.configure(None);
    let provider = crate::provider::over(&shared);
    for resource in &provider.resources {
        let block = resource.schema().block;
        let Value::Map(mut state) = example(&block.value_type()) else { panic!() };
        put_words(&mut state);
        for timeout in ["create", "update", "delete"] {
            let Some(Value::Map(timeouts)) = state.get_mut("timeouts") else { panic!() };
            timeouts.insert(timeout.to_owned(), "1h".into());
        }
        let state = Value::Map(state);
        let stored = crate::provider::testing::to_json(&state);
        assert_eq!(resource.upgrade(0, stored).unwrap(), state, "{}", resource.type_name());
        // While the provider block is unknown, a plan decodes and encodes values, and decides nothing.
        let planned = resource.plan(crate::tf::PlanRequest {
            prior: state.clone(),
            proposed: state.clone(),
            config: Value::Map(state_without_computed(&block, &state)),
            prior_private: crate::tf::Private::new(),
            first_plan: None,
            carries_private: false,
            committing: false,
        });
        assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
        // No plan has write-only values.
        let state = crate::tf::without_write_only(&block.attributes, &state);
        let (Value::Map(planned), Value::Map(state)) = (planned.planned, state) else { panic!() };
        for (name, value) in &state {
            let expected = if name == "tags_all" { &Value::Unknown } else { value };
            // Values that a service decides again with each change are unknown while the default tags are unknown.
            let is_decided = block.attribute(name).is_some_and(Attribute::is_computed_only);
            if is_decided && planned.get(name) == Some(&Value::Unknown) {
                continue;
            }
            assert_eq!(planned.get(name), Some(expected), "{}.{name}", resource.type_name());
        }
        assert_eq!(planned.len(), state.len());
    }
}

fn state_without_computed(block: &Block, state: &Value) -> std::collections::BTreeMap<String, Value> {
    let Value::Map(entries) = state else { panic!() };
    let is_computed = |name: &str| block.attribute(name).is_some_and(Attribute::is_computed_only);
    entries
        .iter()
        .map(|(name, value)| (name.clone(), if is_computed(name) { Value::Null } else { value.clone() }))
        .collect()
}
