//! `ipam_report`: everything about an address plan as one text, and what is wrong with it as a list.

use std::sync::Arc;

use crate::backend::report::{Ask, Problem, Report};
use crate::ipam::{Error, Kind};
use crate::provider::attributes::HumanDuration;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, wrong_value};
use crate::{at, model};

use super::{explained, lookup};

model! {
    /// One thing that is wrong.
    pub(super) struct ProblemFacts {
        /// How bad it is: `error`, `warning` or `note`.
        severity: String => computed(),
        /// What it is about: `damage` (the store contradicts itself), `overlap` (two have the same addresses),
        /// `compliance` (an allocation does not keep a rule of its pool) or `space` (a pool is full, or will be within 90
        /// days).
        topic: String => computed(),
        /// Id of the object, or the place in the store.
        place: String => computed(),
        /// How a person knows it: path, name, block.
        name: String => computed(),
        /// What is wrong, in sentences.
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
    /// Tells everything about an address plan as one text, for wikis, spreadsheets and programs, and lists what is wrong
    /// with it: allocations that do not keep rules that were changed later, overlaps, pools that run full. The command
    /// `terraform-provider-ipam report --html` makes a page for a browser of the same.
    pub(super) struct ReportModel {
        /// `markdown`, `json` or `csv`.
        format: String => default("markdown"),
        /// What the CSV has a line for: `allocations` or `pools`. Other formats hold both.
        table: String => default("allocations"),
        /// Only this scope.
        ipam_scope_id: String => optional(),
        /// Only this pool, and those below it. A planned pool is found too.
        ipam_pool_id: String => optional(),
        /// How far back trends, forecasts and events go, such as `720h`; thirty days when not set.
        since: HumanDuration => optional(),
        /// The report. Markdown and JSON hold the time at which they were made, so they are another text each time; CSV
        /// changes when what it tells changes.
        content: String => computed(),
        /// What is wrong, the worst first.
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
        let report = Report::gather(ipam.as_ref(), &ask, &mut |_, _, _| {}).map_err(|error| match error {
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
