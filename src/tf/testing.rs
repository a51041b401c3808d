//! A resource and a data source for tests, whose behavior each test can replace, and the tests of the rules that apply to
//! all of them.

mod apply;
mod data;
mod model;
mod plan;
mod state;
mod write_only;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use super::*;

/// A text whose case has no meaning; its canonical spelling is in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word(String);

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = !text.is_empty() && text.chars().all(char::is_alphanumeric);
        is_word.then(|| Self(text.to_lowercase())).ok_or_else(|| format!("{text:?} is not a word."))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::text_attr!(Word);

pub(super) fn word(text: &str) -> Word {
    text.parse().unwrap()
}

crate::model! {
    /// A thing.
    pub(super) struct Thing {
        /// Found by it.
        name: String => required(),
        /// Made by the provider.
        id: String => computed(),
        /// Where it is; a thing cannot move.
        zone: Word => optional().replace(),
        /// The user may decide it, or else the provider.
        address: Word => optional().computed(),
        /// Free text.
        note: Word => optional(),
        /// How many.
        count: u8 => default(1),
        /// Only steers the provider.
        cascade: bool => default(false),
        /// Not to be shown.
        secret: String => optional().computed().sensitive(),
        /// Key-value tags.
        tags: BTreeMap<String, String> => optional(),
        /// Words in no order.
        members: BTreeSet<Word> => optional(),
        /// Words in order.
        sequence: Vec<Word> => optional(),
        /// Things in the thing.
        parts: BTreeMap<String, Part> => optional(),
        /// More of them.
        pieces: Vec<Part> => optional(),
        /// What the provider says about it.
        status: Status => computed(),
    }
    blocks { timeouts: Timeouts }
}

crate::model! {
    /// A part.
    pub(super) struct Part {
        /// What it is.
        kind: Word => required(),
        /// How large.
        size: u8 => default(1),
        /// Made by the provider.
        serial: String => computed(),
    }
}

crate::model! {
    /// A status.
    pub(super) struct Status {
        /// Whether it works.
        ready: bool => computed(),
    }
}

crate::model! {
    /// Timeouts.
    pub(super) struct Timeouts {
        /// For creation.
        create: Word => optional(),
    }
}

pub(super) type Applies = fn(&mut Apply<Thing>) -> Result<(), Diagnostics>;

/// The resource; each field is one of its operations.
pub(super) struct Things {
    pub(super) plan: fn(&mut Plan<Thing>),
    pub(super) create: Applies,
    pub(super) update: Applies,
    pub(super) delete: fn() -> Result<(), Diagnostics>,
    pub(super) read: fn(Thing) -> Option<Thing>,
    pub(super) service: Option<&'static str>,
    /// The argument that plans keep.
    pub(super) keeps: Option<&'static str>,
    pub(super) has_kept: bool,
    /// The operations that were called, in order.
    pub(super) calls: Mutex<Vec<&'static str>>,
}

impl Default for Things {
    fn default() -> Self {
        Self {
            plan: |_| {},
            create: |apply| {
                fill_in(&mut apply.state);
                Ok(())
            },
            update: |apply| {
                fill_in(&mut apply.state);
                Ok(())
            },
            delete: || Ok(()),
            read: Some,
            service: None,
            keeps: None,
            has_kept: false,
            calls: Mutex::default(),
        }
    }
}

/// Sets all values that are unknown.
pub(super) fn fill_in(thing: &mut Thing) {
    fn decide<T>(field: &mut Tf<T>, value: T) {
        if field.is_unknown() {
            *field = Tf::Known(value);
        }
    }
    decide(&mut thing.id, "thing-1".to_owned());
    decide(&mut thing.address, word("somewhere"));
    decide(&mut thing.secret, "hush".to_owned());
    decide(&mut thing.status, Status { ready: true.into() });
    if let Tf::Known(parts) = &mut thing.parts {
        parts.iter_mut().for_each(|(name, part)| decide(&mut part.serial, format!("serial of {name}")));
    }
    if let Tf::Known(pieces) = &mut thing.pieces {
        pieces.iter_mut().for_each(|piece| decide(&mut piece.serial, "serial of a piece".to_owned()));
    }
}

impl Things {
    fn called(&self, what: &'static str) {
        self.calls.lock().unwrap().push(what);
    }
}

impl Resource for Things {
    type Model = Thing;
    const TYPE: &'static str = "test_thing";
    const VERSION: i64 = 2;

    fn service(&self) -> Option<String> {
        self.service.map(str::to_owned)
    }

    fn validate(&self, config: &Thing) -> Diagnostics {
        match config.name.get() {
            Some(name) if name.is_empty() => {
                Diagnostic::error("Empty name", "Give it a name.").at(crate::at!(Thing, name)).into()
            }
            _ => Diagnostics::new(),
        }
    }

    fn state_loaded(&self, _state: &serde_json::Value) {
        self.called("seen");
    }

    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        self.called("upgrade");
        assert_eq!(version, 1);
        state["name"] = state["title"].take();
        Ok(state)
    }

    fn plan_create(&self, plan: &mut Plan<Thing>) -> Result<(), Diagnostics> {
        self.called("plan_create");
        (self.plan)(plan);
        Ok(())
    }

    fn plan_update(&self, _prior: &Thing, plan: &mut Plan<Thing>) -> Result<(), Diagnostics> {
        self.called("plan_update");
        (self.plan)(plan);
        Ok(())
    }

    fn may_keep(&self, argument: &str) -> bool {
        self.keeps == Some(argument)
    }

    fn has_kept(&self, _prior: &Thing, _plan: &Plan<Thing>) -> bool {
        self.has_kept
    }

    fn create(&self, apply: &mut Apply<Thing>) -> Result<(), Diagnostics> {
        self.called("create");
        (self.create)(apply)
    }

    fn update(&self, _prior: &Thing, apply: &mut Apply<Thing>) -> Result<(), Diagnostics> {
        self.called("update");
        (self.update)(apply)
    }

    fn delete(&self, _prior: &Thing, _stop: &Stop) -> Result<(), Diagnostics> {
        self.called("delete");
        (self.delete)()
    }

    fn read(&self, state: Thing, _warnings: &mut Diagnostics) -> Result<Option<Thing>, Diagnostics> {
        self.called("read");
        Ok((self.read)(state))
    }

    fn import(&self, id: &str) -> Result<Thing, Diagnostics> {
        let part = Part { kind: word("bolt").into(), ..Part::default() };
        Ok(Thing {
            id: id.to_owned().into(),
            parts: BTreeMap::from([("a".to_owned(), part)]).into(),
            ..Thing::default()
        })
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<Thing>, Diagnostics> {
        let is_ours = source.type_name == "aws_thing";
        let id = source.state["id"].as_str().map(str::to_owned);
        Ok(is_ours.then(|| Thing { id: id.into(), ..Thing::default() }))
    }
}

/// The object with these attributes; the others are null.
pub(super) fn object<M: Model>(known: &[(&str, Value)]) -> Value {
    let block = M::block();
    let names = block.attributes.iter().map(|a| a.name).chain(block.blocks.iter().map(|b| b.name));
    let mut entries: BTreeMap<_, _> = names.map(|name| (name.to_owned(), Value::Null)).collect();
    for (name, value) in known {
        assert!(entries.insert((*name).to_owned(), value.clone()).is_some(), "{name} is not an attribute");
    }
    Value::Map(entries)
}

pub(super) fn thing(known: &[(&str, Value)]) -> Value {
    object::<Thing>(known)
}

pub(super) fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

pub(super) fn list(items: &[Value]) -> Value {
    Value::List(items.to_vec())
}

/// The value `base` with some attributes changed.
pub(super) fn with(base: &Value, changes: &[(&str, Value)]) -> Value {
    let Value::Map(mut entries) = base.clone() else { panic!("{base:?} is not an object") };
    entries.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Map(entries)
}

/// Plans, and asserts that there are no errors.
pub(super) fn plan(things: &Things, prior: &Value, config: &Value) -> PlanResponse {
    let response = try_plan(things, prior, config);
    assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
    response
}

pub(super) fn try_plan(things: &Things, prior: &Value, config: &Value) -> PlanResponse {
    ErasedResource::plan(
        things,
        PlanRequest {
            prior: prior.clone(),
            proposed: config.clone(),
            config: config.clone(),
            prior_private: Private::new(),
            first_plan: None,
            carries_private: false,
            committing: false,
        },
    )
}

pub(super) fn apply(things: &Things, prior: &Value, planned: &Value, config: &Value) -> ApplyResponse {
    ErasedResource::apply(
        things,
        ApplyRequest {
            prior: prior.clone(),
            planned: planned.clone(),
            config: config.clone(),
            private: Private::new(),
            stop: Stop::default(),
        },
    )
}

/// Plans and applies without errors, and returns the state.
pub(super) fn plan_and_apply(things: &Things, prior: &Value, config: &Value) -> Value {
    let planned = plan(things, prior, config).planned;
    let response = apply(things, prior, &planned, config);
    assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
    response.state
}

/// Summary and path of each message.
pub(super) fn messages_of(diagnostics: &Diagnostics) -> Vec<(String, String)> {
    diagnostics.iter().map(|diagnostic| (diagnostic.summary.clone(), diagnostic.path.to_string())).collect()
}

pub(super) fn assert_messages(diagnostics: &Diagnostics, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(messages_of(diagnostics), expected, "{diagnostics:#?}");
}
