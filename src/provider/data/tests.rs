//! All data sources with a real backend, and rules for all of their schemas.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Ipam, Local, Planned, Terms};
use crate::ipam::{
    Actor, Allocation, AllocationSpec, PoolCidrSpec, PoolSpec, Provision, ScopeSpec, ScopeType, Size, Tags,
};
use crate::provider::shared::{Configured, Shared};
use crate::tf::{Attribute, AttributeType, Diagnostics, ErasedDataSource, Value};

#[cfg(feature = "sqlite")]
mod damaged;
mod finding;
mod lists;
mod past;
mod reading;
mod refusing;
mod reports;
mod schemas;

/// Names that Terraform reserves in a data block.
const RESERVED: [&str; 7] = ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// A store with a tree of pools:
///
/// ```text
/// top           10.0.0.0/8     tag env = prod
/// ├── eu        10.0.0.0/16    locale eu-west-1
/// │   └── prod  10.0.0.0/24    web 10.0.0.0/28 (app = web), db 10.0.0.16/28, and planned: next 10.0.0.32/28
/// └── us        10.1.0.0/16    locale us-east-1
///     └── prod  10.1.0.0/24
/// six           2001:db8::/32
/// lab: top      10.0.0.0/8     in the scope lab
/// ```
struct World {
    ipam: Arc<dyn Ipam>,
    sources: Vec<Box<dyn ErasedDataSource>>,
    lab: String,
    top: String,
    eu: String,
    eu_prod: String,
    us: String,
    us_prod: String,
    six: String,
    lab_top: String,
}

impl World {
    fn new() -> Self {
        Self::at("memory:", "tests")
    }

    fn at(store: &str, owner: &str) -> Self {
        let actor = Actor { owner: owner.to_owned(), ..Actor::default() };
        Self::over(Arc::new(Local::open(store, None, actor).unwrap()))
    }

    fn over(ipam: Arc<dyn Ipam>) -> Self {
        let shared = Arc::new(Shared::default());
        shared.configure(Some(Configured {
            ipam: Arc::clone(&ipam),
            plan_hold: Duration::from_hours(1),
            default_tags: Tags::new().into(),
            on_missing: Default::default(),
        }));
        let spec = ScopeSpec {
            name: "lab".into(),
            scope_type: ScopeType::Private,
            description: Some("try things".into()),
            tags: tags(&[("env", "lab")]),
            ipam_id: None,
        };
        let lab = ipam.create_scope(&spec, &Planned::Unknown).unwrap().meta.id;
        let pool = |spec: PoolSpec| ipam.create_pool(&spec, &Planned::Unknown).unwrap().meta.id;
        let top = pool(PoolSpec { tags: tags(&[("env", "prod")]), ..pool_spec("top", None, "10.0.0.0/8") });
        let eu = pool(PoolSpec { locale: Some("eu-west-1".into()), ..pool_spec("eu", Some(&top), "10.0.0.0/16") });
        let us = pool(PoolSpec { locale: Some("us-east-1".into()), ..pool_spec("us", Some(&top), "10.1.0.0/16") });
        let eu_prod = pool(pool_spec("prod", Some(&eu), "10.0.0.0/24"));
        let us_prod = pool(pool_spec("prod", Some(&us), "10.1.0.0/24"));
        let six = pool(pool_spec("six", None, "2001:db8::/32"));
        let lab_top = pool(PoolSpec { scope_id: Some(lab.clone()), ..pool_spec("top", None, "10.0.0.0/8") });
        let sources = super::all(&shared);
        let world = Self { ipam, sources, lab, top, eu, eu_prod, us, us_prod, six, lab_top };
        world.allocate("web", "10.0.0.0/28", &[("app", "web")]);
        world.allocate("db", "10.0.0.16/28", &[]);
        world.hold("next", "10.0.0.32/28");
        world
    }

    /// Allocates in the pool `top/eu/prod`.
    fn allocate(&self, name: &str, cidr: &str, with: &[(&str, &str)]) -> Allocation {
        let spec = AllocationSpec { tags: tags(with), ..self.allocation_spec(name, cidr) };
        self.ipam.create_allocation(&spec, &Planned::Unknown).unwrap()
    }

    fn hold(&self, name: &str, cidr: &str) -> Allocation {
        self.ipam.holds().unwrap().plan_allocation(&self.allocation_spec(name, cidr), &terms()).unwrap()
    }

    fn allocation_spec(&self, name: &str, cidr: &str) -> AllocationSpec {
        AllocationSpec::new(self.eu_prod.clone(), name, Size::Cidr(cidr.parse().unwrap()))
    }

    fn source(&self, type_name: &str) -> &dyn ErasedDataSource {
        self.sources.iter().find(|source| source.type_name() == type_name).unwrap().as_ref()
    }

    fn read(&self, type_name: &str, config: &[(&str, Value)]) -> Value {
        self.try_read(type_name, config).unwrap()
    }

    fn try_read(&self, type_name: &str, config: &[(&str, Value)]) -> Result<Value, Diagnostics> {
        let source = self.source(type_name);
        let config = object(config);
        source.validate(&config).into_result()?;
        let answer = source.read(&config)?;
        assert!(answer.is_wholly_known(), "{answer:?}");
        Ok(answer)
    }

    /// Path and full text of the only error.
    fn refused(&self, type_name: &str, config: &[(&str, Value)]) -> (String, String) {
        let reported: Vec<_> = self.try_read(type_name, config).unwrap_err().into_iter().collect();
        let [only] = reported.as_slice() else { panic!("{reported:?}") };
        (only.path.to_string(), format!("{}: {}", only.summary, only.detail))
    }
}

fn pool_spec(name: &str, source: Option<&str>, cidr: &str) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        scope_id: None,
        source_pool_id: source.map(str::to_owned),
        address_family: None,
        locale: None,
        description: None,
        rules: crate::ipam::Rules::default(),
        strategy: crate::ipam::Strategy::default(),
        tags: Tags::new(),
        provision: Provision::Cidrs([cidr.parse().unwrap()].into()),
        special: crate::ipam::Special::default(),
    }
}

fn terms() -> Terms {
    Terms { hold: Duration::from_hours(1), ..Terms::default() }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn object(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn id(text: &str) -> Value {
    text.into()
}

/// The value as short text: `null`, `true`, a number, a text, `[a, b]`.
fn shown(value: &Value) -> String {
    match value {
        Value::Unknown => "unknown".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key} = {}", shown(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Dynamic(inner) => shown(&inner.1),
    }
}

fn get(object: &Value, name: &str) -> String {
    let Value::Map(entries) = object else { panic!("{object:?}") };
    shown(entries.get(name).unwrap_or_else(|| panic!("no {name}")))
}

/// One attribute of all objects in a list.
fn each(object: &Value, list: &str, name: &str) -> Vec<String> {
    let Value::List(items) = object.entry(list) else { panic!("{list} of {object:?}") };
    items.iter().map(|item| get(item, name)).collect()
}
