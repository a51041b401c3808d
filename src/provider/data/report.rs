//! `ipam_report`: a report about an address plan as one text, and its problems as a list.

use std::sync::Arc;

use crate::backend::report::{Ask, Problem, Report};
use crate::ipam::{Error, Kind};
use crate::provider::attributes::HumanDuration;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, wrong_value};
use crate::{at, model};

use super::lookup::{self, explained};

model! {
    /// The attributes of a problem.
    pub(super) struct ProblemFacts {
        /// Severity of the problem: `error`, `warning` or `note`.
        severity: String => computed(),
        /// Topic of the problem: `damage` (the store contradicts itself), `overlap` (two objects or resources have the
        /// same addresses), `compliance` (an allocation or resource does not keep a rule of its pool), `space` (a pool
        /// is full, or will be within 90 days) or `idle` (Elastic IP addresses are not in use).
        topic: String => computed(),
        /// ID of the object or resource, an address, or the place in the store.
        place: String => computed(),
        /// Readable name of the object: its path, name or CIDR.
        name: String => computed(),
        /// Description of the problem, in sentences.
        what: String => computed(),
    }
}

impl From<Problem> for ProblemFacts {
    fn from(problem: Problem) -> Self {
        Self {
            severity: problem.severity.word().to_owned().into(),
            topic: problem.topic.word().to_owned().into(),
            place: problem.place.into(),
            name: problem.name.into(),
            what: problem.what.into(),
        }
    }
}

model! {
    /// Creates a report about an address plan as one text, for wikis, spreadsheets and programs, and lists its
    /// problems, such as allocations that do not keep rules that were changed later, overlaps, and pools that run full.
    /// The command `terraform-provider-ipam report --html` creates the same report as a page for a browser.
    pub(super) struct ReportModel {
        /// Format of the report: `markdown` (the default), `json` or `csv`.
        format: String => default("markdown"),
        /// Rows of a CSV report: `allocations` (the default) or `pools`. The other formats contain both.
        table: String => default("allocations"),
        /// ID of a scope. The report covers only this scope. Default: all scopes.
        ipam_scope_id: String => optional(),
        /// ID of a pool. The report covers only this pool and the pools below it. It may be a planned pool. Default:
        /// all pools.
        ipam_pool_id: String => optional(),
        /// How far trends, forecasts and events go back: a duration such as `720h`. Default: thirty days.
        since: HumanDuration => optional(),
        /// Text of the report. Markdown and JSON contain the time of the report, so the text is different each time.
        /// CSV changes only when its data changes.
        content: String => computed(),
        /// List of the problems, the most severe first.
        problems: Vec<ProblemFacts> => computed(),
    }
}

const FORMATS: [&str; 3] = ["markdown", "json", "csv"];
const TABLES: [&str; 2] = ["allocations", "pools"];

pub(super) struct ReportData(pub(super) Arc<Shared>);

impl DataSource for ReportData {
    type Model = ReportModel;
    const TYPE: &'static str = "ipam_report";

    fn validate(&self, config: &ReportModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        let fields = [
            (&config.format, at!(ReportModel, format), FORMATS.as_slice()),
            (&config.table, at!(ReportModel, table), TABLES.as_slice()),
        ];
        for (field, path, words) in fields {
            if let Some(word) = field.get().filter(|word| !words.contains(&word.as_str())) {
                let sentence = format!("{word:?} is not one of {}.", words.join(", "));
                diagnostics.append(wrong_value(&path, sentence));
            }
        }
        diagnostics
    }

    fn read(&self, config: ReportModel) -> Result<ReportModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let ask = Ask {
            scope_id: config.ipam_scope_id.cloned(),
            pool_id: config.ipam_pool_id.cloned(),
            since: config.since.get().and_then(|since| ipam.now().checked_sub(since.0).ok()),
        };
        let report = Report::gather(ipam.as_ref(), &ask).map_err(|error| match error {
            Error::NotFound { kind: Kind::Scope, id } => {
                lookup::no_such_id(Kind::Scope, &id, at!(ReportModel, ipam_scope_id))
            }
            Error::NotFound { kind: Kind::Pool, id } => {
                lookup::no_such_id(Kind::Pool, &id, at!(ReportModel, ipam_pool_id))
            }
            error => explained(at!(ReportModel, format))(error),
        })?;
        let word = |field: &crate::tf::Tf<String>| field.cloned().unwrap_or_default();
        let content = match (word(&config.format).as_str(), word(&config.table).as_str()) {
            ("json", _) => report.json(),
            ("csv", "pools") => report.csv_of_pools(),
            ("csv", _) => report.csv_of_allocations(),
            _ => report.markdown(),
        };
        let problems = report.problems.into_iter().map(ProblemFacts::from).collect::<Vec<_>>();
        Ok(ReportModel { content: content.into(), problems: problems.into(), ..config })
    }
}
