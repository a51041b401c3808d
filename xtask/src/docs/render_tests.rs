//! The pages of a small schema.

use serde_json::json;

use super::*;

fn schema() -> Value {
    json!({
        "provider": { "version": 0, "block": { "description": "Manages addresses.", "attributes": {
            "store": { "type": "string", "description": "Where. Default `sqlite:ipam.db`.", "optional": true },
        }, "block_types": {
            "default_tags": { "nesting_mode": "list", "max_items": 1, "block": {
                "attributes": { "tags": { "type": ["map", "string"], "optional": true } },
            } },
        } } },
        "resource_schemas": { "ipam_pool": { "version": 0, "block": { "description": "A pool. More of it.", "attributes": {
            "id": { "type": "string", "description": "Id.", "computed": true },
            "name": { "type": "string", "description": "Name.", "required": true },
            "cidrs": { "type": ["set", "string"], "optional": true, "computed": true },
            "blocks": { "nested_type": { "nesting_mode": "list", "attributes": {
                "cidr": { "type": "string", "computed": true },
            } }, "computed": true },
        } } } },
        "list_resource_schemas": { "ipam_pool": { "version": 0, "block": { "description": "Lists pools.", "attributes": {
            "locale": { "type": "string", "description": "Region.", "optional": true },
        } } } },
        "functions": { "cidr_merge": {
            "summary": "Merges blocks.", "description": "Merges blocks into the fewest.",
            "return_type": ["list", "string"],
            "parameters": [{ "name": "cidrs", "type": ["list", "string"], "description": "Blocks." }],
        } },
    })
}

fn rendered() -> Pages {
    pages(&schema(), &Examples::new(PathBuf::from("/nonexistent")))
}

#[test]
fn each_object_has_a_page_and_a_line_in_the_index() {
    let pages = rendered();
    let paths: Vec<String> = pages.keys().map(|path| path.to_string_lossy().into_owned()).collect();
    assert_eq!(paths, ["functions/cidr_merge.md", "index.md", "list-resources/pool.md", "resources/pool.md"]);
    let index = &pages[Path::new("index.md")];
    assert!(index.contains(&format!("- [`ipam_pool`]({SITE}/resources/pool): A pool.\n")), "{index}");
    assert!(index.contains("- `default_tags` (Block, at most 1) (see [below](#nested--default_tags))\n"), "{index}");
    assert!(
        index.contains("### Nested schema for `default_tags`\n\n#### Optional\n\n- `tags` (Map of string)\n"),
        "{index}"
    );
}

#[test]
fn attributes_are_sorted_into_required_optional_and_read_only() {
    let expected = "\
---
page_title: \"ipam_pool Resource\"
subcategory: \"Address space\"
description: \"A pool.\"
---

# ipam_pool (Resource)

A pool. More of it.

~> With `cascade = true`, destroying the pool releases everything in it, also what other configurations manage.

## Schema

### Required

- `name` (String) Name.

### Optional

- `cidrs` (Set of string)

### Read-Only

- `blocks` (Attributes, List) (see [below](#nested--blocks))
- `id` (String) Id.

<a id=\"nested--blocks\"></a>
### Nested schema for `blocks`

#### Read-Only

- `cidr` (String)
";
    assert_eq!(rendered()[Path::new("resources/pool.md")], expected);
}

#[test]
fn a_list_resource_has_the_arguments_of_its_block() {
    let page = &rendered()[Path::new("list-resources/pool.md")];
    assert!(page.contains("# ipam_pool (List Resource)\n\nLists pools.\n\n-> "), "{page}");
    assert!(page.contains("block `config`.\n\n## Schema\n\n### Optional\n\n- `locale` (String) Region.\n"), "{page}");
    let line = format!("- [`ipam_pool`]({SITE}/list-resources/pool): Lists pools.\n");
    assert!(rendered()[Path::new("index.md")].contains(&line));
}

#[test]
fn a_function_shows_its_signature() {
    let page = &rendered()[Path::new("functions/cidr_merge.md")];
    assert!(page.contains("```text\ncidr_merge(cidrs: list of string) -> list of string\n```\n"), "{page}");
    assert!(page.contains("1. `cidrs` (list of string) Blocks.\n"), "{page}");
}

#[test]
fn imports_are_shown_by_block_by_identity_and_by_command() {
    let import = "```shell\n# By id.\nterraform import 'ipam_pool.a[\"b\"]' ipam-pool-1\nterraform import ipam_pool.a top\n```\n";
    let text = import_section(import);
    let block = "  provider = ipam\n  to       = ipam_pool.a\n  id       = \"ipam-pool-1\"\n}\n";
    assert!(text.contains(block), "{text}");
    assert!(text.contains("  to       = ipam_pool.a\n\n  identity = {\n    id = \"ipam-pool-1\"\n  }\n"), "{text}");
    assert!(text.contains("as `id`:\n\n```shell\n# By id.\nterraform import"), "{text}");
    assert_eq!(import_section(""), "");
}

#[test]
fn a_page_begins_with_the_notes_that_a_reader_needs() {
    let pages = rendered();
    let list = &pages[Path::new("list-resources/pool.md")];
    assert!(list.contains("Lists pools.\n\n-> `list` blocks need Terraform 1.14 or later."), "{list}");
    let function = &pages[Path::new("functions/cidr_merge.md")];
    assert!(function.contains("\n\n-> Functions of providers need Terraform 1.8 or later"), "{function}");
    let pool = &pages[Path::new("resources/pool.md")];
    assert!(pool.contains("\n\n~> With `cascade = true`"), "{pool}");
    assert!(!pages[Path::new("index.md")].contains("\nsubcategory"), "the index has no subcategory");
    assert_eq!(notes::subcategory("ipam_x", "A thing (only with the store `aws-ipam`)."), "AWS IPAM");
    assert!(notes::of("Resource", "ipam_x", "A thing (only with the store `aws-ipam`).").starts_with("~> "));
}
