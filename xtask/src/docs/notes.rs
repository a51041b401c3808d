//! Where the registry lists a page, and the notes at its top for readers who would otherwise make a mistake.
//!
//! The registry colours a paragraph that begins with `->` (a note), `~>` (a caution) or `!>` (a warning).

/// The subcategory of functions: the registry lists them apart from all others.
pub(super) const FUNCTIONS: &str = "";

const SPACE: &str = "Address space";
const DISCOVERY: &str = "Discovery";
const HISTORY: &str = "History and reports";
const MAINTENANCE: &str = "Maintenance";
const AWS: &str = "AWS IPAM";

/// All subcategories of generated pages.
#[cfg(test)]
pub(super) const SUBCATEGORIES: [&str; 5] = [SPACE, DISCOVERY, HISTORY, MAINTENANCE, AWS];

/// What the description of an object contains that only AWS IPAM has.
pub(super) const ONLY_AWS: &str = "nly with the store `aws-ipam`";

/// The group in which the registry lists the page.
pub(super) fn subcategory(name: &str, about: &str) -> &'static str {
    match name.trim_start_matches("ipam_") {
        _ if about.contains(ONLY_AWS) => AWS,
        "resource_discovery"
        | "resource_discoveries"
        | "resource_cidr"
        | "resource_cidrs"
        | "discover"
        | "discovered_accounts"
        | "discovered_public_addresses"
        | "discovered_resource_cidrs"
        | "address_history" => DISCOVERY,
        "events" | "report" | "utilization" | "utilization_history" => HISTORY,
        "backup" | "release_holds" => MAINTENANCE,
        _ => SPACE,
    }
}

/// The notes at the top of a page, each with an empty line after it.
pub(super) fn of(kind: &str, name: &str, about: &str) -> String {
    let mut notes: Vec<&str> = Vec::new();
    match kind {
        "Action" => notes.push("-> Actions need Terraform 1.14 or later. OpenTofu has no actions."),
        "List Resource" => notes.push("-> `list` blocks need Terraform 1.14 or later. OpenTofu has no `list` blocks."),
        "Ephemeral Resource" => {
            notes.push("-> Ephemeral resources need Terraform 1.10 or later, or OpenTofu 1.11 or later.");
        }
        "Function" => notes.push("-> Functions of providers need Terraform 1.8 or later, or OpenTofu 1.7 or later."),
        _ => {}
    }
    if about.contains(ONLY_AWS) {
        notes.push(
            "~> This object exists only in AWS IPAM (`store = \"aws-ipam\"`, preview). With any other store, the plan \
             fails and says what to use there.",
        );
    }
    notes.extend(special(kind, name));
    notes.iter().map(|note| format!("{note}\n\n")).collect()
}

/// What readers of one page must know before they use it.
fn special(kind: &str, name: &str) -> &'static [&'static str] {
    match (kind, name) {
        ("Resource", "ipam_allocation") => &[
            "!> Destroying an allocation frees its addresses for the next request, even while machines still use them. \
             `prevent_release` refuses that, and `quarantine` of the pool delays it.",
        ],
        ("Resource", "ipam_allocation_set" | "ipam_dual_stack_allocation") => &[
            "!> Destroying this resource frees its addresses for the next request, even while machines still use them. \
             `quarantine` of the pool delays that.",
        ],
        ("Resource", "ipam_pool") => &[
            "~> With `cascade = true`, destroying the pool releases everything in it, also what other configurations \
             manage.",
        ],
        ("Resource", "ipam_ipam") => &[
            "~> With `cascade = true`, destroying the IPAM deletes its private scopes with all pools and allocations in \
             them.",
        ],
        ("Action", "ipam_release_holds") => {
            &["~> A plan that showed a released hold is refused when it is applied, and must be made again."]
        }
        ("Action", "ipam_backup") => &[
            "~> A backup contains your whole address plan with names, tags and history. Keep it where only the owners of \
             the plan can read it.",
        ],
        _ => &[],
    }
}
