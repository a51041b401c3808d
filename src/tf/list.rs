//! List resources: what exists and can be imported as one type of managed resource (`terraform query`, Terraform 1.14).

use super::{Diagnostics, Model, Path, Schema, Value, lifecycle};

/// What a list block asks for, besides its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Whether each entry has the whole object.
    pub include_object: bool,
    /// The number of objects that the client reads at most; `None` for all. A list may use it to read less.
    pub limit: Option<usize>,
}

/// An entry of a list: an object of the managed resource with the attributes `M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<M> {
    /// The ID in the identity of the object.
    pub id: String,
    /// The name for people.
    pub display_name: String,
    /// The object as an import reads it; `None` if the client did not ask for it.
    pub object: Option<M>,
}

/// The next entry of a list, or a warning that belongs to no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed<T> {
    /// An object.
    Found(T),
    /// Something that the user should know about the list.
    Warning(Diagnostics),
}

/// The entries of a list. `next` may block, and is called only when the client has room for the next entry. An error is
/// the last entry.
pub type Entries<'a, T> = Box<dyn Iterator<Item = Result<Listed<T>, Diagnostics>> + 'a>;

/// A list resource. One instance serves all `list` blocks of its type, from many threads at the same time. Calls may
/// block.
pub trait ListResource: Send + Sync + 'static {
    /// The arguments of the block `config`.
    type Config: Model;
    /// The attributes of the managed resource of the same type.
    type Object: Model;
    /// The full type name, which is that of the managed resource.
    const TYPE: &'static str;

    /// Terraform validates a configuration, with unknown values. Must not access the store.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::new()
    }

    /// Terraform lists objects: all values in `config` are known.
    ///
    /// # Errors
    /// The errors that the user has to correct, or the reason why the store does not answer.
    fn list<'a>(
        &'a self,
        config: Self::Config,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<Self::Object>>, Diagnostics>;
}

/// A [`ListResource`] in terms of values.
pub trait ErasedListResource: Send + Sync {
    /// The type name, such as `ipam_pool`.
    fn type_name(&self) -> &'static str;
    /// The schema of the block `config`.
    fn schema(&self) -> Schema;
    /// See [`ListResource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Lists objects.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn list<'a>(&'a self, config: &Value, options: ListOptions) -> Result<Entries<'a, Found<Value>>, Diagnostics>;
}

impl<L: ListResource> ErasedListResource for L {
    fn type_name(&self) -> &'static str {
        L::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: L::Config::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        L::Config::hide_secret_paths(lifecycle::validate(&L::Config::block(), config, |model| {
            ListResource::validate(self, model)
        }))
    }

    fn list<'a>(&'a self, config: &Value, options: ListOptions) -> Result<Entries<'a, Found<Value>>, Diagnostics> {
        let config = L::Config::decode(&lifecycle::asked::<L::Config>(config)?, &Path::root())?;
        let entries = ListResource::list(self, config, options).map_err(L::Config::hide_secret_paths)?;
        Ok(Box::new(entries.map(|entry| match entry.map_err(L::Config::hide_secret_paths)? {
            Listed::Warning(warnings) => Ok(Listed::Warning(L::Config::hide_secret_paths(warnings))),
            Listed::Found(found) => {
                let object = found.object.map(|object| lifecycle::first_state(L::TYPE, &object)).transpose()?;
                Ok(Listed::Found(Found { id: found.id, display_name: found.display_name, object }))
            }
        })))
    }
}
