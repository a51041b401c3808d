//! Patterns for names, with `*` and `?`.

/// A pattern that a whole name must match: `*` stands for any number of characters, `?` for exactly one, and any other
/// character for itself. Patterns are case-sensitive. There is no escape character, because names rarely contain `*`
/// and `?`; if they do, `?` matches these characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(Vec<char>);

impl Glob {
    /// Every text is a valid pattern.
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// The only name that matches, if the pattern has no wildcard. Such a name can be looked up.
    pub(super) fn exact(&self) -> Option<String> {
        let wild = self.0.iter().any(|c| matches!(c, '*' | '?'));
        (!wild).then(|| self.0.iter().collect())
    }

    /// Whether the whole name matches. Takes at most pattern length times name length steps.
    pub(super) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (&self.0, name.chars().collect::<Vec<_>>());
        let (mut p, mut n) = (0, 0);
        // Where to continue after a wrong guess: after the last `*`, with one more character of the name in it.
        let mut star: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p + 1, n));
                    p += 1;
                }
                Some(&c) if c == '?' || c == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => {
                    let Some((after, swallowed)) = star else { return false };
                    star = Some((after, swallowed + 1));
                    (p, n) = (after, swallowed + 1);
                }
            }
        }
        pattern[p..].iter().all(|&c| c == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names_only() {
        for (pattern, name, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything at all", true),
            ("?", "", false),
            ("?", "é", true),
            ("?", "ab", false),
            ("prod", "prod", true),
            ("prod", "Prod", false),
            ("prod", "prod-1", false),
            ("prod-*", "prod-", true),
            ("prod-*", "prod-eu-1", true),
            ("prod-*", "preprod-eu", false),
            ("*-eu-*", "prod-eu-1", true),
            ("*-eu-*", "prod-us-1", false),
            ("*eu", "eu-eu", true),
            ("*eu", "eu-eu-", false),
            ("a*b*c", "a--b--b--c", true),
            ("a*b*c", "a--b--b--", false),
            ("a**b", "ab", true),
            ("a*?b", "ab", false),
            ("a*?b", "axxb", true),
            ("[a]", "[a]", true),
            ("a.c", "abc", false),
            ("a?c", "a*c", true),
            ("\\*", "\\x", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), matches, "{pattern:?} against {name:?}");
        }
    }

    #[test]
    fn matching_takes_at_most_pattern_length_times_name_length_steps() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(5_000)));
    }

    #[test]
    fn a_pattern_without_wildcards_is_a_name_to_look_up() {
        assert_eq!(Glob::new("prod").exact().as_deref(), Some("prod"));
        assert_eq!(Glob::new("pro?").exact(), None);
        assert_eq!(Glob::new("*").exact(), None);
    }
}
