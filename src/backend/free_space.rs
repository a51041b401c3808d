//! What every backend knows of the space in its pools.

use crate::ipam::{Cidr, Result, Utilization};

/// The free space in the pools of a backend, and how much of their space is used.
pub trait FreeSpace: Send + Sync {
    /// Up to `count` disjoint free blocks, as successive allocations of that size would get them.
    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>>;

    /// Free blocks of a pool by address, at most `limit`, with netmask lengths of at most `max_netmask_length`.
    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>>;

    /// How much of the pool's space is free, held and used.
    fn utilization(&self, pool_id: &str) -> Result<Utilization>;
}
