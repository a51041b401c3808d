//! Discoveries: create, change, delete and find them.

use std::collections::BTreeMap;

use super::sample;
use super::stored::{ScannedTarget, Sighted};
use super::types::{Discovery, Survey};
use crate::ipam::history::log;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::Birth;
use crate::ipam::storage::codec::{self, record};
use crate::ipam::storage::{discovery_keys, keys};
use crate::ipam::{Error, Kind, Ledger, Reader, Result, Tags};

// Names of discoveries need not be unique.
record!(Discovery, Discovery, self, parent: keys::ROOT, named: false);

impl Reader<'_> {
    /// The discovery with this id, `None` when it is gone.
    pub fn get_discovery(&mut self, id: &str) -> Result<Option<Discovery>> {
        codec::load(self.snapshot, id)
    }

    /// All discoveries, by name.
    pub fn list_discoveries(&mut self) -> Result<Vec<Discovery>> {
        let mut all = Vec::new();
        self.each_record(&mut |discovery: Discovery| {
            all.push(discovery);
            true
        })?;
        all.sort_by(|a, b| (&a.meta.name, &a.meta.id).cmp(&(&b.meta.name, &b.meta.id)));
        Ok(all)
    }

    /// The discovery with this id; without an id, the only discovery.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::NoDiscovery`] or [`Error::ManyDiscoveries`].
    pub fn which_discovery(&mut self, id: Option<&str>) -> Result<Discovery> {
        if let Some(id) = id {
            return codec::require(self.snapshot, id);
        }
        let mut all = self.list_discoveries()?;
        match all.len() {
            0 => Err(Error::NoDiscovery),
            1 => Ok(all.remove(0)),
            _ => {
                let there = all.into_iter().map(|discovery| (discovery.meta.id, discovery.meta.name)).collect();
                Err(Error::ManyDiscoveries { there })
            }
        }
    }
}

impl Ledger<'_> {
    /// Creates a discovery. Names need not be unique: each call creates a new one.
    pub fn create_discovery(
        &mut self,
        name: &str,
        description: Option<String>,
        survey: &Survey,
        tags: &Tags,
    ) -> Result<Discovery> {
        let meta = self.new_meta(Kind::Discovery, name, &Birth::Active { id: None })?;
        let discovery = Discovery { meta, description, survey: survey.clone(), tags: tags.clone() };
        self.put_discovery(&discovery)?;
        log::append(self.tx, &self.env, Action::Create, None, Some(&discovery))?;
        Ok(discovery)
    }

    fn put_discovery(&mut self, discovery: &Discovery) -> Result<()> {
        Ok(self.tx.put(&keys::record(Kind::Discovery, &discovery.meta.id), codec::encode(discovery)?)?)
    }

    /// Changes a discovery. Its sightings stay until the next scan.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`].
    pub fn update_discovery(
        &mut self,
        id: &str,
        name: &str,
        description: Option<String>,
        survey: &Survey,
        tags: &Tags,
    ) -> Result<Discovery> {
        let before: Discovery = codec::require(self.tx, id)?;
        let mut after = Discovery { description, survey: survey.clone(), tags: tags.clone(), ..before.clone() };
        name.clone_into(&mut after.meta.name);
        if after == before {
            return Ok(after);
        }
        after.meta.updated_at = self.env.now;
        self.put_discovery(&after)?;
        log::append(self.tx, &self.env, Action::Update, Some(&before), Some(&after))?;
        let (was, is) = (before.survey.avoided, after.survey.avoided);
        if was != is {
            let all: BTreeMap<String, Sighted> = sample::all_under(self.tx, &discovery_keys::sightings_of(id))?;
            // Only sightings that allocations avoid have an entry in the index.
            for sighted in all.values().filter(|sighted| sighted.keeps_off(true).is_some()) {
                sample::write(self.tx, Some((sighted, was)), Some((sighted, is)))?;
            }
        }
        Ok(after)
    }

    /// Deletes a discovery with all its sightings. Allocations that were imported through it stay, and so do
    /// treatments. Succeeds when the discovery is gone already.
    pub fn delete_discovery(&mut self, id: &str) -> Result<()> {
        let Some(discovery) = codec::load::<Discovery>(self.tx, id)? else { return Ok(()) };
        let targets: Vec<ScannedTarget> = self.reader().targets(id)?;
        for target in &targets {
            self.forget_target(&discovery, target)?;
        }
        self.tx.delete(&keys::record(Kind::Discovery, id))?;
        log::append(self.tx, &self.env, Action::Delete, Some(&discovery), None)
    }
}
