//! Schemas: the attributes and nested blocks of a block, as Terraform sees them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Diagnostic, Diagnostics, Path, Step, Type, Value};

/// The schema of a provider, resource or data source.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Version of the states that a resource writes; 0 for all other schemas.
    pub version: i64,
    /// The contents of the schema.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The description, in Markdown.
    pub description: String,
    /// The attributes, in order of declaration.
    pub attributes: Vec<Attribute>,
    /// The nested blocks, in order of declaration.
    pub blocks: Vec<NestedBlock>,
    /// What to use in place of a deprecated block, as a sentence.
    pub deprecated: Option<String>,
}

/// A nested block, which may occur at most once, or any number of times in order.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// Name in the configuration.
    pub name: &'static str,
    /// The contents of the block.
    pub block: Block,
    /// Whether the block may be repeated.
    pub repeated: bool,
}

impl NestedBlock {
    /// The type of the block's value: an object, or a list of objects.
    pub fn value_type(&self) -> Type {
        let object = self.block.value_type();
        if self.repeated { Type::list(object) } else { object }
    }
}

/// The collection of objects in a nested attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
}

/// The type of an attribute.
#[derive(Clone, Debug)]
pub enum AttributeType {
    /// A plain type.
    Plain(Type),
    /// Objects whose attributes are described individually.
    Nested(Nesting, Vec<Attribute>),
}

impl AttributeType {
    /// The type of the attribute's value.
    pub fn value_type(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, attributes) => {
                let object =
                    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.ty.value_type())));
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }

    /// The type of a collection of elements of this type. The attributes of objects stay described individually.
    #[must_use]
    pub fn collection(self, nesting: Nesting) -> Self {
        match (self, nesting) {
            (Self::Nested(Nesting::Single, attributes), _) => Self::Nested(nesting, attributes),
            (other, Nesting::List) => Self::Plain(Type::list(other.value_type())),
            (other, Nesting::Set) => Self::Plain(Type::set(other.value_type())),
            (other, Nesting::Map) => Self::Plain(Type::map(other.value_type())),
            (other, Nesting::Single) => other,
        }
    }
}

/// One attribute. The rules of Terraform determine which flags exclude each other; a test checks every schema of the
/// provider.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Name in the configuration.
    pub name: &'static str,
    /// The type of the attribute.
    pub ty: AttributeType,
    /// The description, in Markdown.
    pub description: String,
    /// The user must set it.
    pub required: bool,
    /// The user may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// The value is not shown in plans.
    pub sensitive: bool,
    /// No plan and no state contains the value. A resource sees it in the configuration, and in the plan and the creation
    /// of a new object also among the other values.
    pub write_only: bool,
    /// A change of the attribute replaces the object.
    pub replace: bool,
    /// The value if the user sets none; requires optional and computed.
    pub default: Option<Value>,
    /// The canonical spelling of a value: two values with the same canonical form mean the same.
    pub canonical: fn(&Value) -> Value,
    /// What to use in place of a deprecated attribute, as a sentence.
    pub deprecated: Option<String>,
}

impl Attribute {
    /// The user must set it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The user may set it.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The provider sets the attribute if the user may not or does not.
    #[must_use]
    pub const fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// The value is not shown in plans.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// No plan and no state contains the value.
    #[must_use]
    pub const fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// A change of the attribute replaces the object.
    #[must_use]
    pub const fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// The attribute is deprecated. `instead` is a sentence that says what to use. A configuration that sets the attribute
    /// gets it as a warning.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Self {
        self.deprecated = Some(instead.into());
        self
    }

    /// The value if the user sets none. Makes the attribute optional and computed.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.optional().computed()
    }

    /// Whether only the provider may set it.
    pub const fn is_computed_only(&self) -> bool {
        self.computed && !self.optional && !self.required
    }

    /// Whether the attribute is sensitive, or contains a sensitive attribute.
    pub fn holds_secret(&self) -> bool {
        let is_within = match &self.ty {
            AttributeType::Plain(_) => false,
            AttributeType::Nested(_, attributes) => attributes.iter().any(Self::holds_secret),
        };
        self.sensitive || is_within
    }

    /// Whether the two values mean the same.
    pub fn same(&self, a: &Value, b: &Value) -> bool {
        a == b || (self.canonical)(a) == (self.canonical)(b)
    }
}

impl Block {
    /// The type of the block's value.
    pub fn value_type(&self) -> Type {
        let attributes = self.attributes.iter().map(|attribute| (attribute.name.to_owned(), attribute.ty.value_type()));
        let blocks = self.blocks.iter().map(|nested| (nested.name.to_owned(), nested.value_type()));
        let all: BTreeMap<_, _> = attributes.chain(blocks).collect();
        Type::Object(all, BTreeSet::new())
    }

    /// The part of `path` that a message may point at: not an attribute with a secret, because Terraform prints its
    /// lines.
    fn printable(&self, path: &Path) -> Path {
        let mut block = self;
        for (index, step) in path.0.iter().enumerate() {
            let Step::Attribute(name) = step else { continue };
            match (block.attribute(name), block.blocks.iter().find(|nested| nested.name == name)) {
                (Some(attribute), _) if attribute.holds_secret() => return Path(path.0[..index].to_vec()),
                (None, Some(nested)) => block = &nested.block,
                _ => break,
            }
        }
        path.clone()
    }

    /// The same messages, none of which points at an attribute with a secret: they point at the block around it, and name
    /// the attribute in the text.
    #[must_use]
    pub fn hide_secret_paths(&self, diagnostics: Diagnostics) -> Diagnostics {
        let moved = |mut one: Diagnostic| {
            let path = self.printable(&one.path);
            if path != one.path {
                one.detail.push_str(&format!(" (This is about the argument `{}`.)", one.path));
                one.path = path;
            }
            one
        };
        diagnostics.into_iter().map(moved).collect()
    }

    /// The block as that of a resource, data source or action. `deprecated`: what to use in place of a deprecated one.
    #[must_use]
    pub fn deprecated_for(self, deprecated: Option<&str>) -> Self {
        Self { deprecated: deprecated.map(str::to_owned), ..self }
    }

    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tf::Model;

    crate::model! {
        /// A credential.
        struct Login {
            /// The name of the user.
            user: String => optional(),
            /// A value that is never shown.
            password: String => optional().sensitive(),
        }
    }

    crate::model! {
        /// An endpoint.
        struct Endpoint {
            /// The host.
            host: String => optional(),
            /// A URL that may contain a password.
            url: String => optional().sensitive(),
            /// Logins by name.
            logins: BTreeMap<String, Login> => optional(),
        }
        blocks { login: Login, others: Vec<Login> }
    }

    #[test]
    fn no_message_points_at_an_attribute_with_a_secret() {
        let login = Path::attribute("login");
        let other = Path::attribute("others").index(1);
        for (path, shown) in [
            (Path::attribute("host"), Path::attribute("host")),
            (Path::attribute("url"), Path::root()),
            (Path::attribute("logins").key("me").then("user"), Path::root()),
            (login.then("user"), login.then("user")),
            (login.then("password"), login.clone()),
            (other.then("password"), other.clone()),
            (Path::root(), Path::root()),
        ] {
            let diagnostics: Diagnostics = Diagnostic::error("Wrong", "No.").at(path.clone()).into();
            let diagnostics = Endpoint::block().hide_secret_paths(diagnostics);
            let detail = match shown == path {
                true => "No.".to_owned(),
                false => format!("No. (This is about the argument `{path}`.)"),
            };
            assert_eq!(diagnostics, Diagnostic::error("Wrong", detail).at(shown).into());
        }
    }
}
