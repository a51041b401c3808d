//! Renders the schema JSON of the provider as markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Pages, notes};

/// Where the registry shows the pages. It resolves no relative links.
pub(super) const SITE: &str = "https://registry.terraform.io/providers/ipam-dev/ipam/latest/docs";

/// What the page of the provider says about stores and their credentials.
const PROVIDER: &str = include_str!("provider.md");

/// The examples directory, in the layout that the registry's tools expect.
pub(super) struct Examples(PathBuf);

impl Examples {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// A section with the file, or an empty text if the file does not exist.
    fn section(&self, title: &str, language: &str, file: &str) -> String {
        self.code(language, file).map_or_else(String::new, |code| format!("## {title}\n\n{code}\n"))
    }

    /// A fenced block with the file.
    fn code(&self, language: &str, file: &str) -> Option<String> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        Some(format!("```{language}\n{}\n```\n", text.trim_end()))
    }
}

/// All pages for the provider's part of `terraform providers schema -json`.
pub(super) fn pages(schema: &Value, examples: &Examples) -> Pages {
    let mut pages = Pages::from([(PathBuf::from("index.md"), index(schema, examples))]);
    for (name, one) in members(&schema["resource_schemas"]) {
        pages.insert(page_path("resources", name), resource(name, &one["block"], examples));
    }
    for (name, one) in members(&schema["data_source_schemas"]) {
        pages.insert(page_path("data-sources", name), data_source(name, &one["block"], examples));
    }
    for (name, one) in members(&schema["list_resource_schemas"]) {
        pages.insert(page_path("list-resources", name), list_resource(name, &one["block"], examples));
    }
    for (name, one) in members(&schema["ephemeral_resource_schemas"]) {
        pages.insert(page_path("ephemeral-resources", name), ephemeral_resource(name, &one["block"], examples));
    }
    for (name, one) in members(&schema["action_schemas"]) {
        pages.insert(page_path("actions", name), action(name, &one["block"], examples));
    }
    for (name, one) in members(&schema["functions"]) {
        pages.insert(page_path("functions", name), function(name, one, examples));
    }
    pages
}

fn page_path(folder: &str, name: &str) -> PathBuf {
    Path::new(folder).join(format!("{}.md", name.strip_prefix("ipam_").unwrap_or(name)))
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn index(schema: &Value, examples: &Examples) -> String {
    let block = &schema["provider"]["block"];
    // The registries refuse a subcategory here.
    let about = description(block);
    let mut text = format!(
        "---\npage_title: \"ipam Provider\"\ndescription: {:?}\n---\n\n# ipam Provider\n\n{}\n\n",
        first_sentence(&about),
        about.trim()
    );
    text.push_str(&examples.section("Example Usage", "terraform", "provider/provider.tf"));
    text.push_str(PROVIDER);
    text.push('\n');
    text.push_str(&block_section(block));
    for (title, folder, key) in [
        ("Resources", "resources", "resource_schemas"),
        ("Data Sources", "data-sources", "data_source_schemas"),
        ("List Resources", "list-resources", "list_resource_schemas"),
        ("Ephemeral Resources", "ephemeral-resources", "ephemeral_resource_schemas"),
        ("Actions", "actions", "action_schemas"),
        ("Functions", "functions", "functions"),
    ] {
        if members(&schema[key]).next().is_none() {
            continue;
        }
        let _ = writeln!(text, "\n## {title}\n");
        for (name, one) in members(&schema[key]) {
            let short = name.strip_prefix("ipam_").unwrap_or(name);
            let about = one["summary"].as_str().map_or_else(|| description(&one["block"]), str::to_owned);
            let _ = writeln!(text, "- [`{name}`]({SITE}/{folder}/{short}): {}", first_sentence(&about));
        }
    }
    text
}

fn resource(name: &str, block: &Value, examples: &Examples) -> String {
    let mut text = head(name, "Resource", &format!("{name} (Resource)"), block);
    text.push_str(&examples.section("Example Usage", "terraform", &format!("resources/{name}/resource.tf")));
    text.push_str(&block_section(block));
    if let Some(commands) = examples.code("shell", &format!("resources/{name}/import.sh")) {
        text.push_str(&import_section(&commands));
    }
    text
}

/// The section about imports: by a block with the first id of the example `commands`, by identity, and by command.
fn import_section(commands: &str) -> String {
    let first = commands.lines().find_map(|line| line.strip_prefix("terraform import "));
    let Some((address, id)) = first.and_then(|example| example.rsplit_once(' ')) else { return String::new() };
    // Clients generate no configuration for one instance of a resource.
    let address = address.trim_matches('\'').split('[').next().unwrap_or_default();
    format!(
        "\n## Import\n\nAn `import` block brings an existing object into the configuration, in Terraform 1.5 and later and in \
         OpenTofu. `terraform plan -generate-config-out=generated.tf` writes the resource for it:\n\n\
         ```terraform\nimport {{\n  provider = ipam\n  to       = {address}\n  id       = \"{id}\"\n}}\n```\n\n\
         In Terraform 1.12 and OpenTofu 1.12, and later, the block can name the object by its identity:\n\n\
         ```terraform\nimport {{\n  provider = ipam\n  to       = {address}\n\n  identity = {{\n    id = \"{id}\"\n  }}\n}}\n```\n\n\
         ~> Terraform 1.16 and later need the line `provider = ipam` to generate the resource. If the configuration has the \
         resource already, leave the line out: it is an error then.\n\n\
         The command accepts the same ids as `id`:\n\n{commands}\n\
         ### Identity Schema\n\n- `id` (String) The `id` of the object. Names and blocks, which `id` of the block and the \
         command accept too, are not identities.\n"
    )
}

fn data_source(name: &str, block: &Value, examples: &Examples) -> String {
    let mut text = head(name, "Data Source", &format!("{name} (Data Source)"), block);
    text.push_str(&examples.section("Example Usage", "terraform", &format!("data-sources/{name}/data-source.tf")));
    text.push_str(&block_section(block));
    text
}

fn ephemeral_resource(name: &str, block: &Value, examples: &Examples) -> String {
    let mut text = head(name, "Ephemeral Resource", &format!("{name} (Ephemeral Resource)"), block);
    let example = format!("ephemeral-resources/{name}/ephemeral-resource.tf");
    text.push_str(&examples.section("Example Usage", "terraform", &example));
    text.push_str(&block_section(block));
    text
}

fn list_resource(name: &str, block: &Value, examples: &Examples) -> String {
    let mut text = head(name, "List Resource", &format!("{name} (List Resource)"), block);
    text.push_str(
        "The command `terraform query` reads `list` blocks in files that end with \
         `.tfquery.hcl`. With `-generate-config-out`, it writes the configuration of what it finds. The arguments \
         below are those of the block `config`.\n\n",
    );
    text.push_str(&examples.section(
        "Example Usage",
        "terraform",
        &format!("list-resources/{name}/list-resource.tfquery.hcl"),
    ));
    text.push_str(&block_section(block));
    text
}

fn action(name: &str, block: &Value, examples: &Examples) -> String {
    let mut text = head(name, "Action", &format!("{name} (Action)"), block);
    text.push_str(&examples.section("Example Usage", "terraform", &format!("actions/{name}/action.tf")));
    text.push_str(&block_section(block));
    text
}

fn function(name: &str, signature: &Value, examples: &Examples) -> String {
    let summary = signature["summary"].as_str().unwrap_or_default();
    let about = signature["description"].as_str().filter(|text| !text.is_empty()).unwrap_or(summary);
    let mut text = front_matter(&format!("{name} function - ipam"), notes::FUNCTIONS, summary);
    let _ = write!(text, "# function: {name}\n\n{}\n\n{}", about.trim(), notes::of("Function", name, about));
    text.push_str(&examples.section("Example Usage", "terraform", &format!("functions/{name}/function.tf")));
    let mut parameters: Vec<&Value> = signature["parameters"].as_array().into_iter().flatten().collect();
    let variadic = Some(&signature["variadic_parameter"]).filter(|value| value.is_object());
    let plain = parameters.iter().map(|one| format!("{}: {}", parameter_name(one), type_words(&one["type"])));
    let rest = variadic.iter().map(|one| format!("{}: {}...", parameter_name(one), type_words(&one["type"])));
    let list: Vec<String> = plain.chain(rest).collect();
    let returned = type_words(&signature["return_type"]);
    let _ = write!(text, "## Signature\n\n```text\n{name}({}) -> {returned}\n```\n", list.join(", "));
    parameters.extend(variadic);
    if !parameters.is_empty() {
        text.push_str("\n## Arguments\n\n");
    }
    for (number, one) in parameters.iter().enumerate() {
        let null = if one["is_nullable"] == true { ", nullable" } else { "" };
        let _ = writeln!(
            text,
            "{}. `{}` ({}{null}) {}",
            number + 1,
            parameter_name(one),
            type_words(&one["type"]),
            flat(&description(one))
        );
    }
    text
}

fn parameter_name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap_or("value")
}

fn head(name: &str, kind: &str, heading: &str, block: &Value) -> String {
    let about = description(block);
    let mut text = front_matter(&format!("{name} {kind}"), notes::subcategory(name, &about), &about);
    let _ = write!(text, "# {heading}\n\n{}\n\n{}", about.trim(), notes::of(kind, name, &about));
    text
}

fn front_matter(title: &str, subcategory: &str, about: &str) -> String {
    let about = first_sentence(about);
    format!("---\npage_title: {title:?}\nsubcategory: {subcategory:?}\ndescription: {about:?}\n---\n\n")
}

fn description(of: &Value) -> String {
    of["description"].as_str().unwrap_or_default().to_owned()
}

fn first_sentence(text: &str) -> String {
    let flat = flat(text);
    flat.find(". ").map_or(flat.clone(), |end| flat[..=end].to_owned())
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The section `## Schema` and its content, with one section for each nested schema.
fn block_section(block: &Value) -> String {
    let mut nested = Nested::default();
    let mut text = "## Schema\n".to_owned();
    text.push_str(&listing(block, "", &mut nested));
    while let Some((path, inner)) = nested.pop() {
        let _ = write!(text, "\n<a id=\"{}\"></a>\n### Nested schema for `{path}`\n", anchor(&path));
        text.push_str(&listing(&inner, &path, &mut nested));
    }
    text
}

/// Nested schemas that are not rendered yet, by path.
#[derive(Default)]
struct Nested(BTreeMap<String, Value>);

impl Nested {
    fn pop(&mut self) -> Option<(String, Value)> {
        self.0.pop_first()
    }
}

fn anchor(path: &str) -> String {
    format!("nested--{}", path.replace('.', "--"))
}

/// The three lists Required, Optional, Read-Only, without the empty ones.
fn listing(block: &Value, path: &str, nested: &mut Nested) -> String {
    let mut groups: [(&str, Vec<String>); 3] =
        [("Required", Vec::new()), ("Optional", Vec::new()), ("Read-Only", Vec::new())];
    for (name, attribute) in members(&block["attributes"]) {
        let group = match (attribute["required"] == true, attribute["optional"] == true) {
            (true, _) => 0,
            (_, true) => 1,
            _ => 2,
        };
        groups[group].1.push(attribute_line(name, attribute, path, nested));
    }
    for (name, inner) in members(&block["block_types"]) {
        let group = usize::from(inner["min_items"].as_u64().unwrap_or(0) == 0);
        let words = format!("(Block, {})", nesting_words(&inner["nesting_mode"], inner["max_items"].as_u64()));
        groups[group].1.push(nested_line(name, &words, &description(&inner["block"]), path));
        nested.0.insert(joined(path, name), inner["block"].clone());
    }
    let mut text = String::new();
    for (title, lines) in groups.iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = write!(text, "\n{} {title}\n\n{}", if path.is_empty() { "###" } else { "####" }, lines.concat());
    }
    text
}

fn attribute_line(name: &str, attribute: &Value, path: &str, nested: &mut Nested) -> String {
    let mut words = Vec::new();
    let inner = attribute["nested_type"].as_object();
    match inner {
        Some(inner) => {
            let mode = inner.get("nesting_mode").cloned().unwrap_or_default();
            words.push(format!("Attributes, {}", nesting_words(&mode, None)));
        }
        None => words.push(capital(&type_words(&attribute["type"]))),
    }
    for (flag, word) in [("sensitive", "Sensitive"), ("write_only", "Write-only"), ("deprecated", "Deprecated")] {
        if attribute[flag] == true {
            words.push(word.to_owned());
        }
    }
    let words = format!("({})", words.join(", "));
    let Some(inner) = inner else {
        return format!("- `{name}` {words} {}", flat(&description(attribute))).trim_end().to_owned() + "\n";
    };
    nested.0.insert(joined(path, name), Value::Object(inner.clone()));
    nested_line(name, &words, &description(attribute), path)
}

fn nested_line(name: &str, words: &str, about: &str, path: &str) -> String {
    let about = flat(about);
    let space = if about.is_empty() { "" } else { " " };
    format!("- `{name}` {words} {about}{space}(see [below](#{}))\n", anchor(&joined(path, name)))
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn nesting_words(mode: &Value, max_items: Option<u64>) -> String {
    match (mode.as_str().unwrap_or("single"), max_items) {
        ("list" | "set", Some(max @ 1..)) => format!("at most {max}"),
        (mode, _) => capital(mode),
    }
}

/// The words for a type in cty's JSON form: `string`, `["list", "string"]`, `["object", {...}]`.
fn type_words(of: &Value) -> String {
    match of {
        Value::String(simple) if simple == "bool" => "boolean".to_owned(),
        Value::String(simple) => simple.clone(),
        Value::Array(parts) => match (parts.first().and_then(Value::as_str), parts.get(1)) {
            (Some("object"), Some(Value::Object(fields))) => object_words(fields),
            (Some("tuple"), Some(Value::Array(items))) => {
                format!("tuple({})", items.iter().map(type_words).collect::<Vec<_>>().join(", "))
            }
            (Some(outer), Some(inner)) => format!("{outer} of {}", type_words(inner)),
            _ => "dynamic".to_owned(),
        },
        _ => "dynamic".to_owned(),
    }
}

fn object_words(fields: &Map<String, Value>) -> String {
    let list: Vec<String> = fields.iter().map(|(name, of)| format!("{name}: {}", type_words(of))).collect();
    format!("object({})", list.join(", "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
