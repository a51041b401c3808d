//! Initializes a store: its format version and its two default scopes.

use crate::ipam::operations::context::Birth;
use crate::ipam::storage::format::{self, Format};
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Error, Kind, Ledger, NO_OWNER, Reader, Result, Scope, ScopeType, Tags};

impl Reader<'_> {
    /// The format of the store.
    ///
    /// # Errors
    /// Returns [`crate::store::Error::Newer`] or [`crate::store::Error::Corrupt`].
    pub fn format(&mut self) -> Result<Format> {
        let Some(bytes) = self.snapshot.get(keys::FORMAT)? else { return Ok(Format::Blank) };
        format::parse(bytes)
    }
}

impl Ledger<'_> {
    /// Makes sure that the store has its format version and the two default scopes. A repeated call changes nothing.
    ///
    /// # Errors
    /// Returns [`crate::store::Error::Newer`] when a later version of this program wrote the store, and [`Error::Importing`]
    /// during an import.
    pub fn initialize(&mut self) -> Result<()> {
        match self.reader().format()? {
            Format::Blank => self.tx.put(keys::FORMAT, codec::VERSION.to_string().into_bytes())?,
            Format::Version(_) => {}
            Format::Importing(_) => return Err(Error::Importing),
        }
        for (name, scope_type) in [("default-private", ScopeType::Private), ("default-public", ScopeType::Public)] {
            if self.tx.get(keys::default_scope(scope_type))?.is_none() {
                self.write_default_scope(name, scope_type)?;
            }
        }
        Ok(())
    }

    fn write_default_scope(&mut self, name: &str, scope_type: ScopeType) -> Result<()> {
        let mut meta = self.new_meta(Kind::Scope, name, &Birth::Active { id: None })?;
        NO_OWNER.clone_into(&mut meta.owner);
        meta.confirmed = true;
        let scope = Scope { meta, scope_type, is_default: true, description: None, tags: Tags::new(), ipam_id: None };
        self.tx.put(keys::default_scope(scope_type), scope.meta.id.clone().into_bytes())?;
        self.write_new_scope(&scope)
    }
}
