//! Blocks of code in the guides, and what makes a valid configuration of one.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::here;

/// A block of Terraform code in a guide.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// Name of the guide.
    pub page: String,
    /// Line of its beginning.
    pub line: usize,
    pub language: String,
    pub text: String,
    pub mark: Mark,
}

/// What the line before a block says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The block need only be valid.
    None,
    /// A part of the configuration with this name, which is applied.
    Apply(String),
    /// The file with this path, which is tested.
    Test(String),
}

impl Snippet {
    /// Whether the client at hand can validate it alone. It cannot if the block needs a newer client.
    pub fn is_for_this_client(&self) -> bool {
        let needs_newer = ["\naction \"", "\nlist \"", "\nephemeral \"", "\n  identity = {", "ephemeral = true"];
        let text = format!("\n{}", self.text);
        self.language == "terraform" && !needs_newer.iter().any(|words| text.contains(words))
    }
}

/// All blocks of Terraform code in `docs/guides/` and on the page of the provider.
pub fn every() -> Vec<Snippet> {
    let docs = here().with_file_name("docs");
    let guides = fs::read_dir(docs.join("guides")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = guides.chain([docs.join("index.md")]).collect();
    paths.sort();
    let page = |path: &std::path::PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().flat_map(|path| of(&page(path), &fs::read_to_string(path).unwrap())).collect()
}

/// Those of one page.
pub fn of(page: &str, text: &str) -> Vec<Snippet> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut number = 0;
    while number < lines.len() {
        let line = lines[number];
        let indent = line.len() - line.trim_start().len();
        let Some(language) = line.trim().strip_prefix("```") else {
            number += 1;
            continue;
        };
        let length = lines[number + 1..].iter().position(|line| line.trim() == "```").expect("a block of code ends");
        let inside = &lines[number + 1..number + 1 + length];
        let text: String = inside.iter().map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n").collect();
        let mark = number.checked_sub(1).map_or(Mark::None, |before| mark(lines[before]));
        if language == "terraform" || mark != Mark::None {
            let (page, language) = (page.to_owned(), language.to_owned());
            found.push(Snippet { page, line: number + 1, language, text, mark });
        }
        number += length + 2;
    }
    found
}

fn mark(line: &str) -> Mark {
    let inside = line.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).unwrap_or_default();
    match inside.split_once(':') {
        Some(("apply", name)) => Mark::Apply(name.to_owned()),
        Some(("test", path)) => Mark::Test(path.to_owned()),
        _ => Mark::None,
    }
}

/// A value of any type that is not known yet.
const UNKNOWN: &str = "terraform_data.of_another_provider.output";

/// The configuration with what it refers to. Blocks of other providers are replaced by what they say about objects of this
/// one, so that a wrong attribute in them is found.
pub fn completed(text: &str) -> String {
    let mut kept = String::new();
    let mut uses = Vec::new();
    for block in blocks(text) {
        if is_foreign(&block) {
            uses.extend(references(&block, &["ipam_", "data.ipam_"]).into_iter().filter(|one| !one.contains('[')));
            uses.extend(references(&block, &["var."]));
        } else {
            kept += &block;
        }
    }
    for (number, value) in uses.iter().enumerate() {
        kept += &format!("output \"use_{number}\" {{\n  value     = {value}\n  sensitive = true\n}}\n");
    }
    for foreign in references(&kept, &["aws_", "data.aws_", "azurerm_", "google_", "module.", "local.", "path.unknown"])
    {
        let local = foreign.strip_prefix("local.").map(|name| format!("\n  {name} ="));
        if local.is_none_or(|local| !kept.contains(&local)) {
            kept = kept.replace(&foreign, UNKNOWN);
        }
    }
    // A dependency is on an object, not on a value; and a provider that is required must be there.
    let object = UNKNOWN.trim_end_matches(".output");
    let line = |line: &str| if line.contains("depends_on") { line.replace(UNKNOWN, object) } else { line.to_owned() };
    let kept: Vec<String> = kept.lines().filter(|line| !line.contains("{ source = \"hashicorp/")).map(line).collect();
    let mut kept = kept.join("\n") + "\n";
    let declared = kept.clone();
    for variable in names(&declared, "var.") {
        if !declared.contains(&format!("variable \"{variable}\"")) {
            kept += &format!("variable \"{variable}\" {{}}\n");
        }
    }
    for (start, block) in [("data.ipam_", "data"), ("ipam_", "resource")] {
        for path in names_with_type(&declared, start) {
            let (kind, name) = &path;
            if !declared.contains(&format!("{block} \"{kind}\" \"{name}\"")) {
                kept += &format!("{block} \"{kind}\" \"{name}\" {{\n{}}}\n", least(block, kind));
            }
        }
    }
    kept + "resource \"terraform_data\" \"of_another_provider\" {}\n"
}

/// The arguments without which an object is not valid.
fn least(block: &str, kind: &str) -> &'static str {
    match (block, kind) {
        ("resource", "ipam_pool") => "  name  = \"added\"\n  cidrs = [\"10.0.0.0/8\"]\n",
        ("resource", "ipam_allocation") => {
            "  name           = \"added\"\n  ipam_pool_id   = \"added\"\n  netmask_length = 24\n"
        }
        ("resource", "ipam_address_set") => {
            "  name               = \"added\"\n  ipv4_allocation_id = \"added\"\n  members            = { added = {} }\n"
        }
        ("resource", "ipam_scope") | ("data", "ipam_pool" | "ipam_scope") => "  name = \"added\"\n",
        ("data", _) => "",
        _ => panic!("a guide refers to a {kind} that it does not declare: add to this table what such an object needs"),
    }
}

/// The blocks of the first level, each with its lines.
fn blocks(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        let last = found.last_mut().expect("there is one");
        *last += line;
        last.push('\n');
        if line == "}" {
            found.push(String::new());
        }
    }
    found
}

/// Whether a block needs another provider: its schema, or its resources in `moved`, `import` and `removed`.
fn is_foreign(block: &str) -> bool {
    let own = ["\"ipam_", "\"terraform_data\""];
    let head = block.lines().find(|line| line.ends_with('{')).unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    match words.as_slice() {
        ["resource" | "data" | "ephemeral", kind, ..] => !own.iter().any(|start| kind.starts_with(start)),
        ["provider", name, ..] => *name != "\"ipam\"",
        ["module", ..] => true,
        ["moved" | "removed" | "import", ..] => {
            ["= aws_", "= azurerm_", "= google_"].iter().any(|of| block.contains(of))
        }
        _ => false,
    }
}

/// References such as `data.ipam_pool.top.id` and `ipam_pool.all["eu"].id` that begin with one of `starts`.
fn references(text: &str, starts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String =
        text.lines().map(|line| line.split(" # ").next().unwrap_or_default().to_owned() + "\n").collect();
    let is_part = |letter: char| letter.is_alphanumeric() || "_.-".contains(letter);
    for start in starts {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if is_part(before) || before == '"' {
                continue;
            }
            let mut rest = &code[at..];
            let mut reference = String::new();
            loop {
                let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
                reference += &rest[..end];
                rest = &rest[end..];
                let Some(close) = rest.strip_prefix('[').and_then(|rest| rest.find(']')) else { break };
                reference += &rest[..close + 2];
                rest = &rest[close + 2..];
            }
            if reference.trim_end_matches('.').contains('.') {
                found.insert(reference.trim_end_matches('.').to_owned());
            }
        }
    }
    found
}

/// The first name after `start` of each reference.
fn names(text: &str, start: &str) -> BTreeSet<String> {
    let after = |reference: String| reference.strip_prefix(start).map(first).unwrap_or_default();
    references(text, &[start]).into_iter().map(after).collect()
}

/// The type and the name of each reference to an object.
fn names_with_type(text: &str, start: &str) -> BTreeSet<(String, String)> {
    let all = references(text, &[start]).into_iter();
    let path = |reference: String| {
        let rest = reference.strip_prefix("data.").unwrap_or(&reference).to_owned();
        let (kind, name) = rest.split_once('.')?;
        Some((kind.to_owned(), first(name)))
    };
    all.filter_map(path).collect()
}

fn first(text: &str) -> String {
    text.split(|letter: char| !(letter.is_alphanumeric() || "_-".contains(letter)))
        .next()
        .unwrap_or_default()
        .to_owned()
}
