//! Words that a configuration, AWS and the store have for the variants of an enumeration.

/// `Display`, `FromStr` and the stored form of words; the error lists them.
macro_rules! words {
    ($Type:ident: $($Variant:ident = $word:literal),+) => {
        impl $Type {
            /// All of them, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),+];
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$Variant => $word),+ })
            }
        }

        impl std::str::FromStr for $Type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$Variant),)+
                    _ => Err(format!("{text:?} is none of {}.", [$($word),+].join(", "))),
                }
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
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use words;
