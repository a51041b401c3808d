//! Describes mistakes in JSON from a user, without quoting the JSON.

/// The error of `serde_json`, without any content of the text: its messages about types and values quote the text, and
/// so do those of types of this program. The expected value is never a part of the text.
pub(super) fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| text.starts_with(beginning));
    // Messages about missing data or about the form, which are the library's own words.
    let is_harmless = !error.is_data() || begins(&["missing field `", "duplicate field `"]);
    if is_harmless {
        return text.to_owned();
    }
    let quotes = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `", "unknown field `"];
    match text.rsplit_once(", expected ").filter(|_| begins(&quotes)) {
        Some((_, expected)) => format!("{expected} was expected"),
        None => "a value has the wrong form for its attribute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::ipam::Cidr;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Record {
        #[serde(rename = "count")]
        _count: Option<u8>,
        #[serde(rename = "cidr")]
        _cidr: Option<Cidr>,
        #[serde(rename = "word")]
        _word: Option<Word>,
        #[serde(rename = "pair")]
        _pair: Option<(u8, u8)>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
    }

    #[test]
    fn the_expected_value_is_reported_and_the_text_is_not_quoted() {
        for (text, words) in [
            (r#"{"count": "s3cret"}"#, "u8 was expected"),
            (r#"{"count": 3333}"#, "u8 was expected"),
            (r#"{"count": "s3cret, expected s3cret"}"#, "u8 was expected"),
            (r#"{"count": "s3cret, expected s3cret at line 1"}"#, "u8 was expected"),
            (r#"{"cidr": "s3cret, expected s3cret"}"#, "a value has the wrong form for its attribute"),
            (r#"{"cidr": "invalid type: s3cret, expected s3cret"}"#, "a value has the wrong form for its attribute"),
            (r#"{"word": "s3cret"}"#, "`one` or `two` was expected"),
            (r#"{"pair": [3]}"#, "a tuple of size 2 was expected"),
            (r#"{"s3cret": 3}"#, "one of `count`, `cidr`, `word`, `pair` was expected"),
            (r#""s3cret""#, "struct Record was expected"),
            (r#"{"count": s3cret}"#, "expected value"),
            (r#"{"count": "s3cret"#, "EOF while parsing a string"),
        ] {
            assert_eq!(describe(&serde_json::from_str::<Record>(text).unwrap_err()), words, "{text}");
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
                let words = describe(&serde_json::from_value::<Record>(value).unwrap_err());
                assert!(!words.contains("s3cret") && !words.contains("3333"), "{text} as a value: {words}");
            }
        }
    }
}
