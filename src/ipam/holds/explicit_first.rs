//! Explicit blocks take precedence over requests by size.
//!
//! Terraform sends the requests of a run in any order. A request by size may come first and get a block of which
//! another resource of the same run requests a part by CIDR. That second request is refused. The hold in its way
//! records the conflict, so that the next plan places the request by size elsewhere.

use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::index;
use crate::ipam::{Allocation, Cidr, Kind, Ledger, Meta, Pool, PoolCidr, Provision, Result, Size, State};

impl Ledger<'_> {
    /// Records that these holds of the same owner are in the way of `wished`. Holds that were requested by CIDR are
    /// left out, because they cannot be placed elsewhere.
    pub fn mark_in_the_way(&mut self, ids: &[String], wished: Cidr) -> Result<()> {
        for id in ids {
            match Kind::of_id(id) {
                Some(Kind::Allocation) => {
                    let by_size = |hold: &Allocation| !matches!(hold.size, Size::Cidr(_));
                    if let Some(hold) = self.own_hold::<Allocation>(id)?.filter(by_size) {
                        index::write_allocation(self.tx, Some(&hold), Some(&marked(&hold, wished)))?;
                    }
                }
                Some(Kind::Pool) => {
                    let by_size = |hold: &Pool| matches!(hold.provision, Provision::NetmaskLength(_));
                    if let Some(hold) = self.own_hold::<Pool>(id)?.filter(by_size) {
                        index::write_pool(self.tx, Some(&hold), Some(&marked(&hold, wished)))?;
                    }
                }
                Some(Kind::PoolCidr) => {
                    // The name of a hold that was requested by CIDR is that CIDR.
                    let by_size = |hold: &PoolCidr| !hold.inline && hold.meta.name != hold.cidr.to_string();
                    if let Some(hold) = self.own_hold::<PoolCidr>(id)?.filter(by_size) {
                        let pool: Pool = codec::expect(self.tx, &hold.pool_id)?;
                        index::write_pool_cidr(self.tx, &pool, Some(&hold), Some(&marked(&hold, wished)))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn own_hold<R: Record>(&mut self, id: &str) -> Result<Option<R>> {
        let found: Option<R> = codec::load(self.tx, id)?;
        let is_movable = |meta: &Meta| meta.state == State::Planned && !meta.is_of_no_plan();
        Ok(found.filter(|hold| is_movable(hold.meta()) && hold.meta().owner == self.env.actor.owner))
    }
}

fn marked<R: Record>(hold: &R, wished: Cidr) -> R {
    let mut marked = hold.clone();
    marked.meta_mut().in_the_way_of = Some(wished);
    marked
}
