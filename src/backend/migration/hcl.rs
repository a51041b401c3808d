//! Text of configurations, as `terraform fmt` writes it.

use std::fmt::Write;

/// The maximum number of elements of a list on one line.
const SHORT_LIST: usize = 4;

/// A text in quotes, with everything escaped that has a meaning there.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if letters.peek() == Some(&'{') => {
                quoted.push(letter);
                quoted.push(letter);
            }
            letter if letter.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A name for a block of a configuration: small letters, digits and underscores, with a letter first.
pub(super) fn label(name: &str) -> String {
    let mut label = String::new();
    for letter in name.chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => label.push(letter),
            _ if label.ends_with('_') || label.is_empty() => {}
            _ => label.push('_'),
        }
    }
    let label = label.trim_end_matches('_');
    match label.chars().next() {
        None => "unnamed".to_owned(),
        Some('0'..='9') => format!("net_{label}"),
        Some(_) => label.to_owned(),
    }
}

/// The lines of a block.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Arguments of one line, whose equals signs are below each other.
    short: Vec<(String, String)>,
    /// Arguments of several lines.
    long: Vec<(String, String)>,
}

impl Lines {
    /// An argument with an expression.
    pub(super) fn expression(&mut self, name: &str, value: impl Into<String>) {
        self.short.push((name.to_owned(), value.into()));
    }

    /// An argument with a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.expression(name, quoted(value));
    }

    /// An argument with a text, if there is one.
    pub(super) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An argument with a list of texts; nothing if it is empty.
    pub(super) fn list(&mut self, name: &str, values: &[String]) {
        let quoted: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        match quoted.len() {
            0 => {}
            1..=SHORT_LIST => self.expression(name, format!("[{}]", quoted.join(", "))),
            _ => {
                let lines: String = quoted.iter().map(|value| format!("    {value},\n")).collect();
                self.long.push((name.to_owned(), format!("[\n{lines}  ]")));
            }
        }
    }

    /// An argument with a map; nothing if it is empty. The values are expressions.
    pub(super) fn map(&mut self, name: &str, entries: &[(String, String)]) {
        if !entries.is_empty() {
            let entries: Vec<(String, String)> =
                entries.iter().map(|(key, value)| (quoted(key), value.clone())).collect();
            self.long.push((name.to_owned(), format!("{{\n{}  }}", aligned(&entries, "    "))));
        }
    }

    /// The block with its head, such as `resource "ipam_pool" "corp"`.
    pub(super) fn block(&self, head: &str) -> String {
        let mut text = format!("{head} {{\n{}", aligned(&self.short, "  "));
        for (index, (name, value)) in self.long.iter().enumerate() {
            if index > 0 || !self.short.is_empty() {
                text.push('\n');
            }
            text += &format!("  {name} = {value}\n");
        }
        text + "}\n"
    }
}

fn aligned(arguments: &[(String, String)], indent: &str) -> String {
    let width = arguments.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let line = |(name, value): &(String, String)| {
        let blanks = " ".repeat(width - name.chars().count());
        format!("{indent}{name}{blanks} = {value}\n")
    };
    arguments.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_itself() {
        assert_eq!(quoted("a\"b\\c\n${x} %{y} $z %\u{7}é"), "\"a\\\"b\\\\c\\n$${x} %%{y} $z %\\u0007é\"");
        assert_eq!(quoted("$${x}"), "\"$$${x}\"");
    }

    #[test]
    fn a_label_is_an_identifier() {
        for (name, expected) in [
            ("Web (EU)", "web_eu"),
            ("10.0.0.0-24", "net_10_0_0_0_24"),
            ("--", "unnamed"),
            ("büro", "b_ro"),
            ("2001:db8::-32", "net_2001_db8_32"),
        ] {
            assert_eq!(label(name), expected);
        }
    }

    #[test]
    fn a_block_is_formatted() {
        let mut lines = Lines::default();
        lines.text("name", "x");
        lines.list("cidrs", &["a".to_owned()]);
        lines.list("reserved_cidrs", &["1", "2", "3", "4", "5"].map(str::to_owned));
        lines.map("tags", &[("a".to_owned(), quoted("1")), ("long".to_owned(), quoted("2"))]);
        let expected = "resource \"t\" \"x\" {\n  name  = \"x\"\n  cidrs = [\"a\"]\n\n  reserved_cidrs = [\n    \"1\",\n    \"2\",\n    \
                        \"3\",\n    \"4\",\n    \"5\",\n  ]\n\n  tags = {\n    \"a\"    = \"1\"\n    \"long\" = \"2\"\n  }\n}\n";
        assert_eq!(lines.block("resource \"t\" \"x\""), expected);
    }
}
