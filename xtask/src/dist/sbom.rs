//! The bill of materials of a program: CycloneDX 1.5.

use serde_json::{Value, json};

use super::libraries::{Libraries, Library};
use super::package::sum_of;

/// The document for a program with these bytes. It has no time and no random number, so that it is the same again.
pub(super) fn of(libraries: &Libraries, version: &str, program: &[u8]) -> String {
    let own = Library { version: version.to_owned(), ..libraries.own.clone() };
    let mut application = component(&own, "application");
    application["hashes"] = json!([{ "alg": "SHA-256", "content": sum_of(program) }]);
    let everything = || std::iter::once(&own).chain(&libraries.all);
    let reference = |id: &String| everything().find(|one| one.id == *id).map(purl);
    let dependencies = everything().map(|library| {
        let mut uses: Vec<String> = library.uses.iter().filter_map(reference).collect();
        uses.sort();
        uses.dedup();
        json!({ "ref": purl(library), "dependsOn": uses })
    });
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": application },
        "components": libraries.all.iter().map(|library| component(library, "library")).collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn component(library: &Library, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(library),
        "name": library.name,
        "version": library.version,
        "purl": purl(library),
        "licenses": [{ "expression": library.licence }],
    });
    if let Some(checksum) = &library.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(url) = library.repository.as_ref().filter(|url| url.starts_with("https://")) {
        component["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    component
}

fn purl(library: &Library) -> String {
    format!("pkg:cargo/{}@{}", library.name, library.version.replace('+', "%2B"))
}
