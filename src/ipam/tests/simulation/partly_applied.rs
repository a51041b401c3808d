//! Plans of which only a part was applied before the hold of a CIDR expired.
//!
//! Without a reference between them, Terraform applies an object and an `ipam_pool_cidr` of its pool in any order. So an
//! object can be active in a CIDR that its owner has only planned. When the hold has expired, no apply is in progress any
//! more: `check` reports the object, and asks the owner to apply the rest. An object of another owner is never there.

use super::{Simulation, expected};
use crate::ipam::testing::*;
use crate::ipam::*;

/// An active object in a CIDR of the same owner whose hold has expired.
struct PartlyApplied {
    /// Id of the object: of the pool below, or of the allocation.
    place: String,
    around: PoolCidr,
}

impl Simulation {
    fn partly_applied(&mut self) -> Vec<PartlyApplied> {
        let records = self.world.read(|reader| reader.records()).unwrap();
        let now = self.world.now;
        let is_late = |found: &&PoolCidr| {
            found.meta.is_expired(now) && records.pools[&found.pool_id].meta.state == State::Active && !found.deferred
        };
        let late: Vec<&PoolCidr> = records.pool_cidrs.values().filter(is_late).collect();
        let mut found = Vec::new();
        for allocation in records.allocations.values().filter(|found| found.meta.state == State::Active) {
            let is_around = |late: &&&PoolCidr| {
                late.pool_id == allocation.pool_id
                    && late.meta.owner == allocation.meta.owner
                    && late.cidr.contains(&allocation.cidr)
            };
            let Some(around) = late.iter().find(is_around) else { continue };
            let is_pool = allocation.resource_type == ResourceType::IpamPool;
            let place = allocation.resource_id.as_ref().filter(|_| is_pool).unwrap_or(&allocation.meta.id).clone();
            found.push(PartlyApplied { place, around: (*around).clone() });
        }
        found
    }

    /// Fails unless the audit finds exactly the plans that were applied in part.
    #[track_caller]
    pub(super) fn check(&mut self, at: &str) {
        let audit = self.world.read(|reader| reader.check()).unwrap();
        let mut reported: Vec<&String> = audit.findings.iter().map(|finding| &finding.place).collect();
        let partly_applied = self.partly_applied();
        let mut late: Vec<&String> = partly_applied.iter().map(|found| &found.place).collect();
        reported.sort_unstable();
        late.sort_unstable();
        assert_eq!(reported, late, "{at}: {:#?}", audit.findings);
    }

    /// Applies the rest of these plans, as the findings ask. Returns their number.
    pub(super) fn apply_the_rest(&mut self) -> usize {
        let mut applied = 0;
        while let Some(PartlyApplied { around, .. }) = self.partly_applied().pop() {
            self.world.as_owner(&around.meta.owner);
            let PoolCidr { pool_id, cidr, .. } = around;
            if around.inline {
                let pool = self.world.read(|reader| reader.get_pool(&pool_id)).unwrap().unwrap();
                let wished = pool.cidrs.iter().copied().chain([cidr]).collect();
                let change = PoolChange {
                    auto_import: pool.special.auto_import,
                    ..reprovisioned(&pool, Provision::Cidrs(wished))
                };
                expected(self.write(|ledger| ledger.update_pool(&pool_id, &change))).unwrap();
            } else {
                let (name, size) = (Some(around.meta.name), Size::Cidr(cidr));
                let spec = PoolCidrSpec { pool_id, name, size, proof: None };
                let held = Planned::Held(around.meta.id);
                expected(self.write(|ledger| ledger.create_pool_cidr(&spec, &held))).unwrap();
            }
            applied += 1;
        }
        applied
    }
}
