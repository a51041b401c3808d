//! Diagnostics on the wire.

use super::{path, wire};
use crate::tf::{Diagnostic, Diagnostics, Severity};

pub(super) fn to_wire(diagnostics: Diagnostics) -> Vec<wire::Diagnostic> {
    diagnostics.into_iter().map(one).collect()
}

fn one(diagnostic: Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    let path = path::to_point_at(&diagnostic.path);
    let mut detail = diagnostic.detail;
    if path != diagnostic.path {
        detail.push_str(&format!(" (This is about {}.)", diagnostic.path));
    }
    wire::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail,
        attribute: (!path.0.is_empty()).then(|| path::to_wire(&path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::Path;

    #[test]
    fn a_message_deep_in_an_element_points_at_the_element_and_names_the_place_in_words() {
        let rule = Path::attribute("rule").index(1);
        let deep = rule.then("condition").index(0).then("cidr");
        let region = Path::attribute("aws").then("region");
        for (at, detail, path) in [
            (&deep, "No. (This is about rule[1].condition[0].cidr.)", &rule),
            (&rule, "No.", &rule),
            (&region, "No.", &region),
        ] {
            let diagnostic = one(Diagnostic::error("Wrong", "No.").at(at.clone()));
            assert_eq!((diagnostic.detail.as_str(), diagnostic.attribute), (detail, Some(path::to_wire(path))));
        }
        assert_eq!(one(Diagnostic::error("Wrong", "No.")).attribute, None);
    }
}
