//! Changes the locale of a pool. All pools below a pool with a locale have the same locale, so they change with it.

use crate::ipam::holds::standing::{NAMED_IN_ERRORS, occupant};
use crate::ipam::model::event::Action;
use crate::ipam::storage::codec;
use crate::ipam::{Error, Ledger, Occupant, Pool, Reader, Result, State};

/// Pools that have another locale.
#[derive(Default)]
struct Contrary {
    named: Vec<(Occupant, String)>,
    more: u64,
}

impl Reader<'_> {
    /// Checks that a pool can have this locale; `None` means its present locale.
    ///
    /// # Errors
    /// Returns [`Error::LocaleMismatch`] when the pool above has another locale, and [`Error::LocalesBelow`] when pools
    /// below have a locale that they did not get from this pool.
    pub(in crate::ipam) fn check_locale(&mut self, pool: &Pool, asked: Option<&str>) -> Result<()> {
        let Some(asked) = asked.filter(|asked| pool.locale.as_deref() != Some(*asked)) else { return Ok(()) };
        if let Some(source_id) = &pool.source_pool_id {
            let source: Pool = codec::expect(self.snapshot, source_id)?;
            if let Some(above) = source.locale.filter(|above| above != asked) {
                let (source_pool_id, asked) = (source_id.clone(), asked.to_owned());
                return Err(Error::LocaleMismatch { source_pool_id, source_locale: above, asked });
            }
        }
        let mut contrary = Contrary::default();
        if pool.locale.is_none() {
            self.find_contrary(pool, asked, &mut contrary)?;
        }
        let Contrary { named, more } = contrary;
        if named.is_empty() { Ok(()) } else { Err(Error::LocalesBelow { asked: asked.to_owned(), below: named, more }) }
    }

    /// Searches below a pool without a locale. Pools below a pool with a locale have the same locale.
    fn find_contrary(&mut self, pool: &Pool, asked: &str, contrary: &mut Contrary) -> Result<()> {
        for below in self.below(pool)? {
            match &below.locale {
                Some(own) if own != asked && contrary.named.len() < NAMED_IN_ERRORS => {
                    contrary.named.push((occupant(self.snapshot, &below)?, own.clone()));
                }
                Some(own) if own != asked => contrary.more += 1,
                Some(_) => {}
                None => self.find_contrary(&below, asked, contrary)?,
            }
        }
        Ok(())
    }
}

impl Ledger<'_> {
    /// Sets the locale of a pool in all pools below it, including planned ones.
    pub(in crate::ipam) fn take_locale_down(&mut self, pool: &Pool) -> Result<()> {
        for before in self.reader().below(pool)? {
            if before.locale == pool.locale {
                continue;
            }
            let mut after = Pool { locale: pool.locale.clone(), ..before.clone() };
            let action = if after.meta.state == State::Active { Action::Update } else { Action::Hold };
            if after.meta.state == State::Active {
                after.meta.updated_at = self.env.now;
            }
            let after = self.change_pool(action, &before, after)?;
            self.take_locale_down(&after)?;
        }
        Ok(())
    }
}
