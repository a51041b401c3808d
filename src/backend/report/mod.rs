//! The report on an address plan: all data that a reader needs, gathered once and rendered as one HTML page, JSON, CSV
//! or Markdown.
//!
//! [`Report::gather`] asks an [`Ipam`](super::Ipam) once, so that the numbers are of one time, and then for the results
//! of discoveries; `problems` finds the problems in the answers; the renderers (`html`, `json`, `csv`, `markdown`) only
//! render the report. A section without data is left out.

mod ask;
mod csv;
mod data;
mod discovered;
mod gather;
mod html;
mod json;
mod markdown;
mod problem;
mod problems;
#[cfg(test)]
mod tests;

pub use ask::Ask;
use data::subject;
pub use data::{PoolReport, Report};
pub use discovered::{Discovered, DiscoveredResource};
pub use markdown::plain;
pub use problem::{Problem, Severity, Topic};
