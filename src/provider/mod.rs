//! What this provider offers.

use crate::tf::{Block, Configure, Diagnostics, Model, Path, Provider, Stop, Value};

#[derive(Clone, Debug, Default)]
struct Config;

impl Model for Config {
    fn block() -> Block {
        Block { description: "IP address management.".to_owned(), ..Block::default() }
    }

    fn decode(_: &Value, _: &Path) -> Result<Self, Diagnostics> {
        Ok(Self)
    }

    fn encode(&self) -> Value {
        Value::Map([].into())
    }
}

struct Unconfigured;

impl Configure for Unconfigured {
    type Model = Config;

    fn validate(&self, _: &Config) -> Diagnostics {
        Diagnostics::new()
    }

    fn configure(&self, _: Config, _: &str) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// The provider.
pub fn provider() -> Provider {
    Provider {
        config: Box::new(Unconfigured),
        resources: vec![],
        data_sources: vec![],
        functions: vec![],
        stop: Stop::default(),
    }
}
