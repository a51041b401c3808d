//! The format of a file: the columns of this program, or the layout of another system.

use crate::ipam::discovery::types::FileFormat;
use crate::sources::layout::Layout;

use super::{csv, json};

/// What to read a file as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The columns of this program.
    Own,
    /// The columns of this program, because nothing else fits. These do not fit either, so there will be mistakes.
    Guess,
    /// What another system exports.
    Other(Layout),
}

/// The sentence after the mistakes of a file in which no format was recognised.
pub(super) const NOT_RECOGNISED: &str = "The format was not recognised. A scan reads CSV and JSON with the columns of a discovery, and what NetBox, Infoblox, \
     phpIPAM, Terraform and the command lines of AWS, Azure and Google Cloud export; `file_formats` of the resource \
     discovery names the format of a file.";

/// What to read the content as: the format that was named, otherwise the only one that fits.
///
/// # Errors
/// Several formats fit.
pub(super) fn of(bytes: &[u8], is_json: bool, named: Option<FileFormat>) -> Result<Reading, String> {
    if let Some(format) = named {
        return Ok(layout(format).map_or(Reading::Own, Reading::Other));
    }
    let layouts = Layout::recognised(bytes);
    let is_own = is_own(bytes, is_json);
    match layouts.as_slice() {
        [] if is_own => Ok(Reading::Own),
        [] => Ok(Reading::Guess),
        [layout] if !is_own => Ok(Reading::Other(*layout)),
        _ => {
            let own = is_own.then(|| FileFormat::Ipam.to_string());
            let words: Vec<String> =
                own.into_iter().chain(layouts.iter().map(|layout| layout.name().to_owned())).collect();
            let words = words.join(", ");
            Err(format!(
                "its content fits several formats: {words}. Name the right one in `file_formats` of the resource discovery."
            ))
        }
    }
}

fn is_own(bytes: &[u8], is_json: bool) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if is_json { json::is_known(text) } else { csv::is_known(text) }
}

/// The layout with the word of this format. The columns of this program have none.
fn layout(format: FileFormat) -> Option<Layout> {
    Layout::named(&format.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_another_system_is_a_layout() {
        let without: Vec<FileFormat> = FileFormat::ALL.into_iter().filter(|format| layout(*format).is_none()).collect();
        assert_eq!(without, [FileFormat::Ipam]);
    }
}
