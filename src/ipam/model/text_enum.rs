//! Words of AWS that configurations and stores use too. AWS may extend each of these lists, so none of them is closed.
//! A word that is not listed is passed on unchanged, from AWS into states and from configurations to AWS, which refuses
//! words that it does not know. Only code that depends on the meaning of a word requires a listed one.

use std::fmt;

/// Maximum length of a word in bytes. The longest word of AWS IPAM has 32.
const LENGTH_MAX: usize = 40;

/// A word that is not listed: lower-case letters, digits and hyphens. It is stored inline and not on the heap, so that
/// the enumerations of words can be copied. (The word is followed by zeros, which sort before all letters.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word([u8; LENGTH_MAX]);

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

impl Word {
    /// `None`: the text does not have the form of a word.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= LENGTH_MAX && text.bytes().all(is_part);
        fits.then(|| Self::from_text(text))
    }

    /// A word from any text of AWS, so that reading never fails because of a word.
    pub fn from_text(text: &str) -> Self {
        let text = if text.is_empty() { "unknown" } else { text };
        let mut bytes = [0; LENGTH_MAX];
        for (place, byte) in bytes.iter_mut().zip(text.bytes().map(|byte| byte.to_ascii_lowercase())) {
            *place = if is_part(byte) { byte } else { b'-' };
        }
        Self(bytes)
    }

    fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LENGTH_MAX);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// An enumeration of words.
pub trait Words: Sized + fmt::Display {
    /// The listed words, separated by commas.
    fn list() -> String;

    /// The variant of a listed word.
    ///
    /// # Errors
    /// Returns a sentence that lists the words.
    fn listed(text: &str) -> Result<Self, String>;

    /// The variant of any text that AWS returned: `Unlisted`, if the text is not a listed word.
    fn from_text(text: &str) -> Self;
}

/// Implements the traits of an enumeration of words, whose last variant is `Unlisted(Word)`: `Display`, `FromStr`
/// (which accepts every word), and the stored form.
macro_rules! words {
    ($Type:ident: $($Variant:ident = $word:literal),+) => {
        impl $crate::ipam::Words for $Type {
            fn list() -> String {
                [$($word),+].join(", ")
            }

            fn listed(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$Variant),)+
                    _ => Err(format!("{text:?} is not one of {}.", Self::list())),
                }
            }

            fn from_text(text: &str) -> Self {
                Self::listed(text).unwrap_or_else(|_| Self::Unlisted($crate::ipam::Word::from_text(text)))
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$Variant => f.write_str($word),)+
                    Self::Unlisted(word) => std::fmt::Display::fmt(word, f),
                }
            }
        }

        impl std::str::FromStr for $Type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                if $crate::ipam::Word::new(text).is_some() {
                    return Ok(<Self as $crate::ipam::Words>::from_text(text));
                }
                Err(format!(
                    "{text:?} is not a value of AWS IPAM. Its values have lower-case letters, digits and hyphens, such \
                     as {}.",
                    [$($word),+].join(", ")
                ))
            }
        }

        impl serde::Serialize for $Type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Ok(<Self as $crate::ipam::Words>::from_text(&text))
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::ResourceType;

    #[test]
    fn a_word_that_is_not_listed_is_carried_as_it_is() {
        for text in ["vpc", "lambda-network-connector", "other", "ec2-public-ipv4-pool"] {
            let word: ResourceType = text.parse().unwrap();
            assert_eq!((word.to_string().as_str(), word), (text, ResourceType::from_text(text)));
            let stored = serde_json::to_value(word).unwrap();
            assert_eq!((&stored, serde_json::from_value(stored.clone()).ok()), (&text.into(), Some(word)));
        }
        assert_eq!(ResourceType::from_text("vpc"), ResourceType::Vpc);
        assert!(matches!(ResourceType::from_text("igw-firewall"), ResourceType::Unlisted(_)));
        assert!(ResourceType::listed("igw-firewall").unwrap_err().contains("is not one of custom, ipam-pool, vpc"));
    }

    #[test]
    fn a_configuration_has_valid_words_only_and_aws_may_return_any_text() {
        let long = "x".repeat(LENGTH_MAX + 1);
        for text in ["", "VPC", "a b", "a_b", "ü", &long] {
            let error = text.parse::<ResourceType>().unwrap_err();
            assert!(error.contains("lower-case letters, digits and hyphens, such as custom,"), "{error}");
            let word = ResourceType::from_text(text).to_string();
            assert!(word.parse::<ResourceType>().is_ok(), "{word}: the text of a word can be read again");
        }
        assert_eq!(ResourceType::from_text("Some_New Thing").to_string(), "some-new-thing");
        assert_eq!(ResourceType::from_text("").to_string(), "unknown");
    }
}
