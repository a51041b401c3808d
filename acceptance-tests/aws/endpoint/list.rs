//! Filters and pages, which are the same for every list.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::actions::Ask;
use super::fault::{Fault, Result};
use super::model::Member;

/// The items of a list that an answer has, and the token of the next page.
pub(crate) struct Page {
    /// Indexes into the list.
    pub(crate) places: Vec<usize>,
    pub(crate) next_token: Option<String>,
}

impl Ask<'_> {
    /// The page of `items` that matches the request's filters. `set` is the list that `items` belong to.
    ///
    /// # Errors
    /// Fails with `InvalidParameterValue` for a filter that does not exist, or with `InvalidNextToken`.
    pub(crate) fn page(&self, set: &str, items: &[Map<String, Value>]) -> Result<Page> {
        let filters = self.filters(set)?;
        let passes = |item: &Map<String, Value>| filters.iter().all(|filter| filter.passes(item));
        let places: Vec<usize> = (0..items.len()).filter(|place| passes(&items[*place])).collect();
        let start = match self.text("NextToken") {
            None => 0,
            Some(token) => self.place_of(token)?,
        };
        let wanted = self.number("MaxResults").and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let size = wanted.min(self.world.script.page_max);
        let end = places.len().min(start.saturating_add(size));
        let next_token = (end < places.len()).then(|| format!("{}.{end}", self.question()));
        Ok(Page { places: places.get(start..end).unwrap_or_default().to_vec(), next_token })
    }

    /// The request without its page: a token is valid only for the same request.
    fn question(&self) -> String {
        let mut asked = self.parameters.clone();
        asked.remove("NextToken");
        asked.remove("MaxResults");
        let text = format!("{}{}{}", self.action, self.region, Value::Object(asked));
        let number = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        format!("{number:016x}")
    }

    fn place_of(&self, token: &str) -> Result<usize> {
        let place = token.split_once('.').filter(|(question, _)| *question == self.question());
        let place = place.and_then(|(_, place)| place.parse().ok());
        place.ok_or_else(|| Fault::new("InvalidNextToken", "The NextToken is not valid for this request."))
    }

    fn filters(&self, set: &str) -> Result<Vec<Filter>> {
        let members = self.operation.listed(set).ok_or_else(|| Fault::internal(format!("{set} is no list")))?;
        self.structures("Filter").iter().map(|filter| Filter::read(filter, members)).collect()
    }
}

/// One condition.
struct Filter {
    on: On,
    /// Patterns with `*` and `?`, one of which must match.
    patterns: Vec<String>,
}

enum On {
    /// A member by its name on the wire.
    Member(String),
    /// The value of this tag.
    Tag(String),
    /// Any tag's key.
    TagKey,
}

impl Filter {
    fn read(filter: &Map<String, Value>, members: &BTreeMap<String, Member>) -> Result<Self> {
        let name = filter.get("Name").and_then(Value::as_str).unwrap_or_default();
        let texts = filter.get("Value").and_then(Value::as_array);
        let patterns = texts.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let wire = camel(name);
        let on = match name.strip_prefix("tag:") {
            Some(key) => On::Tag(key.to_owned()),
            None if name == "tag-key" => On::TagKey,
            None if members.contains_key(&wire) => On::Member(wire),
            None => return Err(Fault::value(format!("The filter '{name}' is invalid."))),
        };
        Ok(Self { on, patterns })
    }

    fn passes(&self, item: &Map<String, Value>) -> bool {
        let tags = item.get("tagSet").and_then(Value::as_array);
        let of_tags = |wanted: Option<&str>, part: &str| -> Vec<String> {
            let fits = |tag: &&Value| wanted.is_none_or(|key| tag["key"] == key);
            tags.into_iter().flatten().filter(fits).filter_map(|tag| tag[part].as_str()).map(str::to_owned).collect()
        };
        let values = match &self.on {
            On::Tag(key) => of_tags(Some(key), "value"),
            On::TagKey => of_tags(None, "key"),
            On::Member(name) => match item.get(name) {
                Some(Value::String(text)) => vec![text.clone()],
                Some(other) => vec![other.to_string()],
                None => Vec::new(),
            },
        };
        values.iter().any(|value| self.patterns.iter().any(|pattern| fits(pattern, value)))
    }
}

/// `ipam-pool-id` in the form of members: `ipamPoolId`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| fits(rest, &text[at..]))
        }
        Some(letter) => {
            let mut letters = text.chars();
            let same = letters.next().is_some_and(|found| letter == '?' || letter == found);
            same && fits(&pattern[letter.len_utf8()..], letters.as_str())
        }
    }
}
