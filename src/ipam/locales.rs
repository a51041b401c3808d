//! Changing the locale of a pool: all pools below one with a locale carry the same, so they change with it.

use super::codec;
use super::events::Action;
use super::holds::{NAMED_IN_ERRORS, occupant};
use super::{Error, Ledger, Occupant, Pool, Reader, Result, State};

/// Pools that carry another locale.
#[derive(Default)]
struct Contrary {
    named: Vec<(Occupant, String)>,
    more: u64,
}

impl Reader<'_> {
    /// That a pool can have this locale; `None`: the one that it has.
    ///
    /// # Errors
    /// [`Error::LocaleMismatch`] when the pool above carries another one; [`Error::LocalesBelow`] when pools below carry
    /// one that they did not get from this pool.
    pub(super) fn check_locale(&mut self, pool: &Pool, asked: Option<&str>) -> Result<()> {
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

    /// Looks below a pool without a locale. What is below a pool with one has it from there.
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
    /// Gives the locale of a pool to all pools below it, planned ones too.
    pub(super) fn take_locale_down(&mut self, pool: &Pool) -> Result<()> {
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
