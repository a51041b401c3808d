//! A simulation of Terraform over values, for tests: one store in memory, any number of configurations, and a separate
//! process for every plan and every apply. The simulation checks the same rules for the provider's answers as Terraform,
//! and panics if one is violated.

mod nested;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::on_missing::OnMissing;
use super::shared::{Configured, Shared};
use super::tags::Defaults;
use crate::backend::scout::Scout;
use crate::backend::{Ipam, Local, Surroundings};
use crate::ipam::{Actor, CurrentRun, Run, Tags};
use crate::store::Store;
use crate::store::memory::Memory;
use crate::tf::{
    self, ApplyRequest, Diagnostics, ErasedResource, PlanRequest, PlanResponse, Private, Severity, Value, from_json,
};
use service::{Everything, Simulation};

/// Stands for a value in a configuration that is not known yet.
pub(super) const UNKNOWN: &str = "<unknown>";

/// A store and its clock.
pub(super) struct World {
    pub(super) memory: Arc<Memory>,
    seconds: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    /// The objects that only a service has; `None` in a self-managed store.
    service: Option<Arc<Everything>>,
    /// The run of Terraform to which all processes belong, if any.
    pub(super) run: Option<Run>,
}

impl World {
    pub(super) fn new() -> Self {
        let memory = Arc::new(Memory::default());
        Self { memory, seconds: Arc::default(), drawn: Arc::default(), service: None, run: None }
    }

    /// A service that has every noun.
    pub(super) fn with_service() -> Self {
        Self { service: Some(Arc::default()), ..Self::new() }
    }

    pub(super) fn pass(&self, time: Duration) {
        self.seconds.fetch_add(i64::try_from(time.as_secs()).unwrap(), Ordering::SeqCst);
    }

    /// The store, from the point of view of `owner`.
    pub(super) fn ipam(&self, owner: &str, store: Option<Arc<dyn Store>>) -> Arc<dyn Ipam> {
        let store = self.local(owner, store);
        match &self.service {
            Some(all) => Arc::new(Simulation { store, all: Arc::clone(all) }),
            None => Arc::new(store),
        }
    }

    /// Scans what every discovery covers.
    pub(super) fn scan(&self, scout: Arc<dyn Scout>) {
        self.pass(Duration::from_secs(1));
        assert!(
            self.local("scanner", None).with_scout(Some(scout)).discover(None, &mut |_, _| ()).unwrap().is_complete()
        );
    }

    pub(super) fn local(&self, owner: &str, store: Option<Arc<dyn Store>>) -> Local {
        let (seconds, drawn) = (Arc::clone(&self.seconds), Arc::clone(&self.drawn));
        let surroundings = Surroundings {
            clock: Arc::new(move || Timestamp::from_second(1_000_000_000 + seconds.load(Ordering::SeqCst)).unwrap()),
            random: Arc::new(move || drawn.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        };
        let store = store.unwrap_or_else(|| Arc::clone(&self.memory) as Arc<dyn Store>);
        let actor = Actor { owner: owner.to_owned(), ..Actor::default() };
        let store = Local::over(store, actor, surroundings);
        match self.run.clone() {
            Some(run) => store.in_run(CurrentRun { run, is_alive: Box::new(|_| false) }),
            None => store,
        }
    }

    pub(super) fn assert_sound(&self) {
        assert_eq!(self.ipam("auditor", None).check().unwrap().findings, []);
    }

    /// A configuration of this owner, with an empty state.
    pub(super) fn workspace(&self, owner: &'static str) -> Workspace<'_> {
        Workspace {
            world: self,
            owner,
            plan_hold: Duration::from_hours(1),
            sibling_wait: Duration::from_millis(400),
            default_tags: Defaults::default(),
            on_missing: OnMissing::default(),
            store: None,
            carries_private: false,
            hides_walk: false,
            orphans_first: true,
            create_before_destroy: false,
            ends_in_order: true,
            state: BTreeMap::new(),
            tainted: BTreeSet::new(),
        }
    }
}

/// An object in a state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) value: Value,
    pub(super) private: Private,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    NoOp,
    Create,
    Update,
    Replace,
    Delete,
}

/// The planned action for one address.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) address: String,
    config: Json,
    pub(super) action: Action,
    pub(super) planned: Value,
    private: Private,
    pub(super) replace: Vec<String>,
}

/// A plan, with the content of a plan file of Terraform.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) steps: Vec<Step>,
    /// The state after the refresh before the plan.
    pub(super) state: BTreeMap<String, State>,
    pub(super) warnings: Vec<String>,
}

impl Planned {
    pub(super) fn step(&self, address: &str) -> &Step {
        self.steps.iter().find(|step| step.address == address).unwrap_or_else(|| panic!("no {address} in {self:#?}"))
    }

    pub(super) fn action(&self, address: &str) -> Action {
        self.step(address).action
    }

    /// A planned attribute, as text.
    pub(super) fn get(&self, address: &str, attribute: &str) -> String {
        shown(self.step(address).planned.entry(attribute))
    }

    /// Replaces the arguments of `address`: unknown arguments have become known.
    pub(super) fn become_known(&mut self, address: &str, arguments: &Json) {
        let step = self.steps.iter_mut().find(|step| step.address == address).unwrap();
        step.config = arguments.clone();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == Action::NoOp)
    }
}

/// Errors as short texts: `path: summary: detail`.
pub(super) type Errors = Vec<String>;

/// A configuration in one directory: provider arguments and state.
#[derive(Clone)]
pub(super) struct Workspace<'w> {
    pub(super) world: &'w World,
    pub(super) owner: &'static str,
    pub(super) plan_hold: Duration,
    /// Short, because some tests wait for the whole time.
    pub(super) sibling_wait: Duration,
    pub(super) default_tags: Defaults,
    pub(super) on_missing: OnMissing,
    /// Used in place of the store of the world.
    pub(super) store: Option<Arc<dyn Store>>,
    /// Whether the client carries private data from the first plan to the second, as Terraform 1.16 and later do.
    pub(super) carries_private: bool,
    /// Whether the client does not report which walk it is in, like OpenTofu and Terraform before 1.9. The second plan,
    /// in the apply, then looks like the first.
    pub(super) hides_walk: bool,
    /// Whether objects that were removed from the configuration are walked before the others, or after them.
    pub(super) orphans_first: bool,
    pub(super) create_before_destroy: bool,
    /// Whether Terraform stops its plugins in order after an apply. If not, it is killed.
    pub(super) ends_in_order: bool,
    pub(super) state: BTreeMap<String, State>,
    pub(super) tainted: BTreeSet<String>,
}

/// One process of the provider.
pub(super) struct Process {
    pub(super) shared: Arc<Shared>,
    pub(super) provider: tf::Provider,
    carries_private: bool,
    hides_walk: bool,
}

fn type_of(address: &str) -> &str {
    address.split_once('.').map_or(address, |(type_name, _)| type_name)
}

impl Process {
    pub(super) fn resource(&self, address: &str) -> &dyn ErasedResource {
        self.provider.resource(type_of(address)).unwrap_or_else(|| panic!("no {address}"))
    }

    /// The state as Terraform first sends it: written as JSON and read again.
    pub(super) fn upgrade(&self, address: &str, state: &Value) -> Value {
        let resource = self.resource(address);
        let value = resource.upgrade(resource.schema().version, to_json(state)).unwrap();
        assert_eq!(&value, state, "an upgrade to the same version changes nothing");
        value
    }

    fn ask(
        &self,
        address: &str,
        prior: &Value,
        config: &Value,
        private: Private,
        first: Option<&Step>,
    ) -> Result<PlanResponse, Errors> {
        let resource = self.resource(address);
        let response = resource.plan(PlanRequest {
            prior: prior.clone(),
            proposed: config.clone(),
            config: config.clone(),
            prior_private: private,
            // As on the wire, no private data and empty private data are the same.
            first_plan: first
                .filter(|step| self.carries_private && !step.private.is_empty())
                .map(|step| step.private.clone()),
            carries_private: self.carries_private,
            committing: first.is_some() && !self.hides_walk,
        });
        let errors = errors(&response.diagnostics);
        if !errors.is_empty() {
            return Err(errors);
        }
        check_plan(resource, prior, config, &response.planned);
        Ok(response)
    }

    /// A plan of a new object.
    pub(super) fn ask_new(&self, address: &str, config: &Value) -> Result<PlanResponse, Errors> {
        self.ask(address, &Value::Null, config, Private::new(), None)
    }

    /// The second half of a replacement, with the private data of the first half.
    pub(super) fn ask_replacement(
        &self,
        address: &str,
        config: &Value,
        private: Private,
    ) -> Result<PlanResponse, Errors> {
        self.ask(address, &Value::Null, config, private, None)
    }

    /// The second plan of a new object, with `private` in place of the private data that the first plan left.
    pub(super) fn ask_second(
        &self,
        planned: &Planned,
        address: &str,
        private: &Private,
    ) -> Result<PlanResponse, Errors> {
        let step = Step { private: private.clone(), ..planned.step(address).clone() };
        let objects = planned.state.iter().map(|(address, state)| (address.clone(), state.value.clone())).collect();
        let config = config_of(self.resource(address), &step.config, &objects);
        self.ask(address, &Value::Null, &config, Private::new(), Some(&step))
    }

    /// A plan of an existing object, without a refresh before it.
    pub(super) fn ask_unrefreshed(&self, address: &str, prior: &State, config: &Value) -> Result<PlanResponse, Errors> {
        self.ask(address, &prior.value, config, prior.private.clone(), None)
    }

    /// Plans one address like Terraform: a replacement takes two requests.
    fn plan(
        &self,
        address: &str,
        prior: Option<&State>,
        tainted: bool,
        config: &Value,
    ) -> Result<(Action, PlanResponse), Errors> {
        let reported = errors(&self.resource(address).validate(config));
        if !reported.is_empty() {
            return Err(reported);
        }
        let Some(state) = prior.filter(|_| !tainted) else {
            let response = self.ask(address, &Value::Null, config, Private::new(), None)?;
            return Ok((if prior.is_some() { Action::Replace } else { Action::Create }, response));
        };
        let first = self.ask(address, &state.value, config, state.private.clone(), None)?;
        if first.replace.is_empty() {
            let action = if first.planned == state.value { Action::NoOp } else { Action::Update };
            return Ok((action, first));
        }
        for path in &first.replace {
            let name = path.to_string();
            let (was, becomes) = (state.value.entry(&name), first.planned.entry(&name));
            assert_ne!(was, becomes, "{address}: {name} asks for a replacement and does not change");
        }
        let second = self.ask(address, &Value::Null, config, first.private, None)?;
        let mut diagnostics = first.diagnostics;
        diagnostics.append(second.diagnostics.clone());
        Ok((Action::Replace, PlanResponse { replace: first.replace, diagnostics, ..second }))
    }

    /// Plans again, inside the apply, and applies.
    fn apply(&self, step: &Step, prior: Option<&State>, config: &Value) -> Result<State, (Errors, Option<State>)> {
        let address = &step.address;
        let null = Value::Null;
        let value = prior.map_or(&null, |state| &state.value);
        let private = prior.map(|state| state.private.clone()).unwrap_or_default();
        let second =
            self.ask(address, value, config, private, Some(step)).map_err(|errors| (errors, prior.cloned()))?;
        assert!(prior.is_none() || second.replace.is_empty(), "{address} became a replacement");
        assert_fulfils(address, &step.planned, &second.planned, "the second plan");
        let response = self.resource(address).apply(ApplyRequest {
            prior: value.clone(),
            planned: second.planned.clone(),
            config: config.clone(),
            private: second.private,
            stop: self.provider.stop.clone(),
        });
        let errors = errors(&response.diagnostics);
        if !errors.is_empty() {
            let reached = Some(response.state).filter(|state| !state.is_null());
            return Err((errors, reached.map(|value| State { value, private: response.private })));
        }
        assert!(response.state.is_wholly_known(), "{address}: {:?}", response.state);
        assert_fulfils(address, &second.planned, &response.state, "apply");
        Ok(State { value: response.state, private: response.private })
    }

    fn delete(&self, address: &str, state: &State) -> Result<(), Errors> {
        let response = self.resource(address).apply(ApplyRequest {
            prior: state.value.clone(),
            planned: Value::Null,
            config: Value::Null,
            private: state.private.clone(),
            stop: self.provider.stop.clone(),
        });
        let errors = errors(&response.diagnostics);
        if errors.is_empty() {
            assert_eq!(response.state, Value::Null);
            return Ok(());
        }
        assert_eq!(response.state, state.value, "what could not be deleted stays in the state");
        Err(errors)
    }
}

impl Workspace<'_> {
    pub(super) fn process(&self) -> Process {
        let mut shared = Shared::default();
        shared.sibling_wait = self.sibling_wait;
        let shared = Arc::new(shared);
        let ipam = self.world.ipam(self.owner, self.store.clone());
        let (plan_hold, default_tags) = (self.plan_hold, self.default_tags.clone());
        shared.configure(Some(Configured { ipam, plan_hold, default_tags, on_missing: self.on_missing }));
        let (carries_private, hides_walk) = (self.carries_private, self.hides_walk);
        Process { provider: super::over(&shared), shared, carries_private, hides_walk }
    }

    /// Plans the entries of `config` in their order. Each entry is an address with its arguments, in which
    /// `${address.attribute}` stands for a planned value.
    pub(super) fn plan(&self, config: &[(&str, Json)]) -> Result<Planned, Errors> {
        self.plan_in(&self.process(), config)
    }

    pub(super) fn plan_in(&self, process: &Process, config: &[(&str, Json)]) -> Result<Planned, Errors> {
        let mut planned = Planned { steps: Vec::new(), state: BTreeMap::new(), warnings: Vec::new() };
        let mut objects = BTreeMap::new();
        let mut errors = Vec::new();
        let is_orphan = |address: &&String| config.iter().all(|(other, _)| other != address);
        let mut walk: Vec<(String, Option<Json>)> =
            config.iter().map(|(address, json)| ((*address).to_owned(), Some(json.clone()))).collect();
        let orphans = self.state.keys().filter(is_orphan).map(|address| (address.clone(), None));
        let place = if self.orphans_first { 0 } else { walk.len() };
        walk.splice(place..place, orphans);
        for (address, arguments) in walk {
            let prior = self.refreshed(process, &address, &mut planned.warnings)?;
            planned.state.extend(prior.clone().map(|state| (address.clone(), state)));
            let Some(arguments) = arguments else {
                if let Some(state) = prior {
                    errors.extend(process.plan_delete(&address, &state));
                    planned.steps.push(Step::delete(&address));
                }
                continue;
            };
            let config = config_of(process.resource(&address), &arguments, &objects);
            match process.plan(&address, prior.as_ref(), self.tainted.contains(&address), &config) {
                Ok((action, response)) => {
                    planned.warnings.extend(messages(&response.diagnostics, Severity::Warning));
                    objects.insert(address.clone(), response.planned.clone());
                    let replace = response.replace.iter().map(ToString::to_string).collect();
                    let (planned_value, private) = (response.planned, response.private);
                    let config = arguments;
                    planned.steps.push(Step { address, config, action, planned: planned_value, private, replace });
                }
                Err(reported) => errors.extend(reported),
            }
        }
        if errors.is_empty() { Ok(planned) } else { Err(errors) }
    }

    fn refreshed(&self, process: &Process, address: &str, warnings: &mut Errors) -> Result<Option<State>, Errors> {
        let Some(state) = self.state.get(address) else { return Ok(None) };
        let value = process.upgrade(address, &state.value);
        let (read, reported) = process.resource(address).read(&value).map_err(|reported| errors(&reported))?;
        warnings.extend(messages(&reported, Severity::Warning));
        Ok((!read.is_null()).then(|| State { value: read, private: state.private.clone() }))
    }

    /// Applies the plan in a new process. The first error ends the apply.
    pub(super) fn apply_plan(&mut self, planned: &Planned) -> Result<(), Errors> {
        let process = self.process();
        let done = self.apply_in(&process, planned);
        if self.ends_in_order {
            (process.provider.finish)();
        }
        done
    }

    pub(super) fn apply_in(&mut self, process: &Process, planned: &Planned) -> Result<(), Errors> {
        let goes_first = |step: &&Step| match step.action {
            Action::Delete => self.orphans_first,
            Action::Replace => !self.create_before_destroy,
            _ => false,
        };
        self.state.clone_from(&planned.state);
        let mut first: Vec<&Step> = planned.steps.iter().filter(goes_first).collect();
        let mut deposed = Vec::new();
        first.sort_by_key(|step| self.depth(&step.address));
        for step in first.iter().rev() {
            self.delete(process, &step.address)?;
        }
        for step in &planned.steps {
            match step.action {
                Action::NoOp => {}
                Action::Delete if self.orphans_first => {}
                Action::Delete => deposed.extend(self.state.remove(&step.address).map(|state| (step, state))),
                Action::Replace if self.create_before_destroy => {
                    deposed.extend(self.state.remove(&step.address).map(|state| (step, state)));
                    self.put(process, step)?;
                }
                _ => self.put(process, step)?,
            }
        }
        deposed.sort_by_key(|(step, _)| type_of(&step.address) == "ipam_address_set");
        for (step, state) in deposed.into_iter().rev() {
            process.upgrade(&step.address, &state.value);
            process.delete(&step.address, &state)?;
        }
        Ok(())
    }

    /// The depth of an object. Deeper objects are deleted first, because they may depend on the others.
    fn depth(&self, address: &str) -> u32 {
        match type_of(address) {
            "ipam_scope" => 0,
            "ipam_pool" => self.get(address, "pool_depth").parse().unwrap(),
            "ipam_pool_cidr" => 1000,
            kind => 1001 + u32::from(kind == "ipam_address_set"),
        }
    }

    fn delete(&mut self, process: &Process, address: &str) -> Result<(), Errors> {
        let Some(state) = self.state.get(address).cloned() else { return Ok(()) };
        process.upgrade(address, &state.value);
        process.delete(address, &state)?;
        self.tainted.remove(address);
        self.state.remove(address);
        Ok(())
    }

    fn put(&mut self, process: &Process, step: &Step) -> Result<(), Errors> {
        let objects = self.state.iter().map(|(address, state)| (address.clone(), state.value.clone())).collect();
        let prior = self.state.get(&step.address).cloned();
        if let Some(state) = &prior {
            process.upgrade(&step.address, &state.value);
        }
        let config = config_of(process.resource(&step.address), &step.config, &objects);
        self.tainted.remove(&step.address);
        match process.apply(step, prior.as_ref(), &config) {
            Ok(state) => {
                self.state.insert(step.address.clone(), state);
                Ok(())
            }
            Err((errors, reached)) => {
                match reached {
                    Some(state) => self.state.insert(step.address.clone(), state),
                    None => self.state.remove(&step.address),
                };
                Err(errors)
            }
        }
    }

    /// Plans and applies, and asserts that the next plan is empty and that the store is sound.
    pub(super) fn apply(&mut self, config: &[(&str, Json)]) -> Planned {
        let planned = self.try_apply(config).unwrap_or_else(|errors| panic!("{errors:#?}"));
        self.assert_settled(config);
        planned
    }

    pub(super) fn try_apply(&mut self, config: &[(&str, Json)]) -> Result<Planned, Errors> {
        let planned = self.plan(config)?;
        self.apply_plan(&planned)?;
        self.world.assert_sound();
        Ok(planned)
    }

    /// Asserts that a refresh changes nothing and that the plan is empty.
    pub(super) fn assert_settled(&self, config: &[(&str, Json)]) {
        let process = self.process();
        for (address, state) in &self.state {
            let (read, _) = process.resource(address).read(&state.value).unwrap();
            assert_eq!(read, state.value, "a refresh of {address} changes it");
        }
        let planned = self.plan(config).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert!(planned.is_empty(), "{planned:#?}");
        assert_eq!(planned.warnings, [""; 0]);
    }

    pub(super) fn destroy(&mut self) {
        self.apply(&[]);
        assert!(self.state.is_empty());
    }

    /// Imports an object, and reads it as Terraform does right after. Returns the warnings.
    pub(super) fn import(&mut self, address: &str, id: &str) -> Result<Errors, Errors> {
        let process = self.process();
        let resource = process.resource(address);
        let (imported, warnings) = resource.import(id).map_err(|reported| errors(&reported))?;
        let (value, _) = resource.read(&imported).map_err(|reported| errors(&reported))?;
        assert_ne!(value, Value::Null, "import of an object that does not exist");
        self.state.insert(address.to_owned(), State { value, private: Private::new() });
        Ok(warnings.iter().map(|one| format!("{}: {}", one.summary, one.detail)).collect())
    }

    /// An attribute in the state, as text.
    pub(super) fn get(&self, address: &str, attribute: &str) -> String {
        shown(self.value(address).entry(attribute))
    }

    pub(super) fn value(&self, address: &str) -> &Value {
        &self.state.get(address).unwrap_or_else(|| panic!("no {address} in the state")).value
    }
}

impl Process {
    /// The errors of the plan of a deletion.
    fn plan_delete(&self, address: &str, state: &State) -> Errors {
        let response = self.resource(address).plan(PlanRequest {
            prior: state.value.clone(),
            proposed: Value::Null,
            config: Value::Null,
            prior_private: state.private.clone(),
            first_plan: None,
            carries_private: self.carries_private,
            committing: false,
        });
        assert!(response.planned.is_null() || response.diagnostics.has_error());
        errors(&response.diagnostics)
    }
}

impl Step {
    fn delete(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            config: Json::Null,
            action: Action::Delete,
            planned: Value::Null,
            private: Private::new(),
            replace: Vec::new(),
        }
    }
}

/// The configuration of a resource. Arguments that are left out are null.
pub(super) fn config_of(resource: &dyn ErasedResource, json: &Json, objects: &BTreeMap<String, Value>) -> Value {
    config_for(&resource.schema().block.value_type(), json, objects)
}

/// A configuration of this type. Arguments that are left out are null.
pub(super) fn config_for(ty: &tf::Type, json: &Json, objects: &BTreeMap<String, Value>) -> Value {
    let mut given = nested::resolved(json, objects).as_object().unwrap().clone();
    let mut late = BTreeMap::new();
    given.retain(|name, value| {
        let reference = value.as_str().and_then(|text| text.strip_prefix("${")?.strip_suffix('}')?.rsplit_once('.'));
        let found = match (reference, value.as_str()) {
            (Some((address, attribute)), _) => {
                let object = objects.get(address).unwrap_or_else(|| panic!("no {address} yet"));
                Some(object.entry(attribute).clone())
            }
            (None, Some(UNKNOWN)) => Some(Value::Unknown),
            _ => None,
        };
        let keep = found.is_none();
        late.extend(found.map(|value| (name.clone(), value)));
        keep
    });
    let tf::Type::Object(attributes, _) = ty else { panic!("{ty:?}") };
    for name in given.keys().chain(late.keys()) {
        assert!(attributes.contains_key(name), "there is no {name} in {ty:?}");
    }
    let Value::Map(mut config) = from_json(&Json::Object(given), ty).unwrap() else { panic!("{json}") };
    config.extend(late);
    Value::Map(config)
}

/// Terraform's rules for a plan (`AssertPlanValid`).
fn check_plan(resource: &dyn ErasedResource, prior: &Value, config: &Value, planned: &Value) {
    let block = resource.schema().block;
    let config = &tf::without_write_only(&block.attributes, config);
    for attribute in &block.attributes {
        let name = attribute.name;
        let (was, wrote, plan) = (prior.entry(name), config.entry(name), planned.entry(name));
        if wrote.is_null() && attribute.computed {
            continue;
        }
        let is_kept = wrote.is_unknown() && !was.is_null();
        let stands = plan == wrote || (!prior.is_null() && plan == was && (is_kept || attribute.same(was, wrote)));
        let is_default = wrote.is_null() && attribute.default.as_ref() == Some(plan);
        assert!(stands || is_default, "{}.{name}: {wrote:?} was planned as {plan:?}", resource.type_name());
    }
    for nested in &block.blocks {
        assert_eq!(planned.entry(nested.name), config.entry(nested.name), "{}", nested.name);
    }
}

fn assert_fulfils(address: &str, planned: &Value, now: &Value, what: &str) {
    let (Value::Map(planned), Value::Map(now)) = (planned, now) else { panic!("{address}: {planned:?} {now:?}") };
    for (name, planned) in planned.iter().filter(|(_, planned)| planned.is_wholly_known()) {
        assert_eq!(Some(planned), now.get(name), "{what} changes {address}.{name}");
    }
}

pub(super) fn messages(diagnostics: &Diagnostics, severity: Severity) -> Vec<String> {
    let found = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
    found.map(|found| format!("{}: {}: {}", found.path, found.summary, found.detail)).collect()
}

pub(super) fn errors(diagnostics: &Diagnostics) -> Errors {
    messages(diagnostics, Severity::Error)
}

/// Asserts that there is only one error, at this path, and that it contains all these words.
#[track_caller]
pub(super) fn assert_only_error(errors: &[String], path: &str, words: &[&str]) {
    let [only] = errors else { panic!("one error is expected: {errors:#?}") };
    assert!(only.starts_with(&format!("{path}: ")), "not at {path:?}: {only}");
    for word in words {
        assert!(only.contains(word), "no {word:?} in: {only}");
    }
}

pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::String(text) => json!(text),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        Value::Unknown | Value::Dynamic(_) => panic!("no state has {value:?}"),
    }
}

/// A value as a short text.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Unknown => UNKNOWN.to_owned(),
        Value::String(text) => text.clone(),
        Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        known => to_json(known).to_string(),
    }
}

pub(super) fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
