//! Random numbers that can be repeated with a seed.

/// The generator: SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Takes the seed from the environment variable `IPAM_TEST_SEED`, or a new seed, and prints it so that a failure
    /// can be repeated.
    pub fn from_environment(what: &str) -> Self {
        let clock = || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            u64::try_from(now.as_nanos() % 1_000_000_007).unwrap_or_default()
        };
        let seed = std::env::var("IPAM_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(clock);
        println!("{what}: IPAM_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
}

/// The number of rounds of a repeated test: from the environment variable, or else `usual`.
pub fn rounds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
