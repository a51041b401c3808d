//! The world: everything that the endpoint keeps between requests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use terraform_provider_ipam::ipam::{Cidr, Size};

use super::fault::{Fault, Result};
use super::script::{Delay, Script, Trouble};
use super::space::Space;
use super::thing::{Countdown, Effect, Kind, Step, Thing};

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    /// The session token, which only keys of a role have.
    pub(crate) session_token: Option<String>,
}

/// One request that had a valid signature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) region: String,
    pub(crate) account: String,
    /// The parameters with their types, by names on the wire.
    pub(crate) parameters: Map<String, Value>,
    /// The id that the answer had.
    pub(crate) request_id: String,
    /// The code of the error that the request got.
    pub(crate) error: Option<String>,
}

/// An answered request with a client token.
pub(crate) struct Remembered {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) answer: Map<String, Value>,
}

/// Accounts, their objects, and the behavior of the endpoint.
pub(crate) struct World {
    pub(crate) script: Script,
    pub(crate) troubles: BTreeMap<String, VecDeque<Trouble>>,
    /// ARNs of roles that no client may assume.
    pub(crate) closed_roles: BTreeSet<String>,
    pub(crate) calls: Vec<Call>,
    /// Violations of the model, in requests and in answers.
    pub(crate) violations: Vec<String>,
    /// Accounts and their keys, by access key.
    pub(crate) accounts: BTreeMap<String, (String, Credentials)>,
    /// Objects in the order of creation.
    pub(crate) things: Vec<Thing>,
    /// Space by the id of the IPAM.
    pub(crate) spaces: BTreeMap<String, Space>,
    /// Answered requests by account, Region, action and client token.
    pub(crate) remembered: BTreeMap<[String; 4], Remembered>,
    /// Ids of pools or discoveries, and the accounts that they are shared with.
    pub(crate) shares: BTreeSet<(String, String)>,
    /// Items that AWS finds itself (resources, accounts, addresses, history), by the name of the set that lists them.
    pub(crate) seeds: BTreeMap<String, Vec<Map<String, Value>>>,
    /// The management account, and the account that it has delegated to.
    pub(crate) management_account: Option<String>,
    pub(crate) administrator: Option<String>,
    /// The time of each account's last call that advertised or withdrew.
    pub(crate) advertised: BTreeMap<String, Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) sequence: u64,
}

/// Numbers that repeat for the same seed (splitmix64).
pub(crate) fn dice(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            script: Script::default(),
            troubles: BTreeMap::new(),
            closed_roles: BTreeSet::new(),
            calls: Vec::new(),
            violations: Vec::new(),
            accounts: BTreeMap::new(),
            things: Vec::new(),
            spaces: BTreeMap::new(),
            remembered: BTreeMap::new(),
            shares: BTreeSet::new(),
            seeds: BTreeMap::new(),
            management_account: None,
            administrator: None,
            advertised: BTreeMap::new(),
            now: Timestamp::now(),
            seed,
            sequence: 0,
        }
    }

    /// The access key of an account, which exists from now on.
    pub(crate) fn credentials(&mut self, account: &str) -> Credentials {
        if let Some((_, known)) =
            self.accounts.values().find(|(id, known)| id == account && known.session_token.is_none())
        {
            return known.clone();
        }
        let access_key = format!("AKIA{:016X}", dice(&mut self.seed));
        let secret_key = format!("{:016x}{:016x}{:08x}", dice(&mut self.seed), dice(&mut self.seed), 7);
        let new = Credentials { access_key: access_key.clone(), secret_key, session_token: None };
        self.accounts.insert(access_key, (account.to_owned(), new.clone()));
        new
    }

    pub(crate) fn new_id(&mut self, kind: Kind) -> String {
        format!("{}{:016x}{:x}", kind.names().prefix, dice(&mut self.seed), dice(&mut self.seed) & 0xf)
    }

    pub(crate) fn countdown(&self, delay: Delay) -> Countdown {
        match delay {
            Delay::Reads(count) => Countdown::Reads(count),
            Delay::Never => Countdown::Never,
            Delay::Time(time) => Countdown::Until(self.now + SignedDuration::try_from(time).unwrap_or_default()),
        }
    }

    pub(crate) fn step(&self, delay: Delay, state: &'static str, effect: Effect) -> Step {
        Step { after: self.countdown(delay), state, effect }
    }

    /// Adds an object that is being created. Its id and ARN are added to its body.
    pub(crate) fn create(&mut self, new: New) -> Thing {
        self.sequence += 1;
        let names = new.kind.names();
        let mut body = new.body;
        if !names.prefix.is_empty() {
            body.insert(names.id.to_owned(), new.id.clone().into());
        }
        if !names.arn.is_empty() {
            body.insert(names.arn.to_owned(), arn(new.kind, &new.account, &new.id).into());
        }
        let (first, then) = new.states;
        let lag = match new.kind {
            Kind::Allocation => self.script.read_lag,
            // An object that is created together with another one is found as soon as the other one is.
            _ if first == then => Delay::Reads(0),
            _ => self.script.create_lag,
        };
        let mut thing = Thing {
            sequence: self.sequence,
            kind: new.kind,
            id: new.id,
            account: new.account,
            region: new.region,
            parent: new.parent,
            body,
            tags: new.tags,
            state: first.to_owned(),
            steps: VecDeque::new(),
            hidden: Some(self.countdown(lag)).filter(|lag| !lag.is_over(self.now)),
            secret: Map::new(),
        };
        if first != then {
            let failure = self.script.create_failure.filter(|_| then == "create-complete");
            thing.steps.push_back(match failure {
                None => self.step(new.delay, then, Effect::Nothing),
                Some(message) => {
                    self.step(new.delay, "create-failed", Effect::Set(members(json!({"stateMessage": message}))))
                }
            });
        }
        self.things.push(thing.clone());
        thing
    }

    /// Changes an object: it is first in the state of a change, then in the final state.
    pub(crate) fn modify(&mut self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        let step = self.step(self.script.modify, "modify-complete", Effect::Nothing);
        let thing = self.get_mut(id);
        change(&mut thing.body);
        thing.body.retain(|_, value| !value.is_null());
        thing.state = "modify-in-progress".to_owned();
        thing.steps = [step].into();
    }

    /// Starts the deletion of an object.
    pub(crate) fn delete(&mut self, id: &str, states: (&'static str, &'static str)) {
        let gone = self.step(self.script.delete, states.1, Effect::Delete);
        let vanished = self.step(self.script.linger, "", Effect::Vanish);
        let thing = self.get_mut(id);
        thing.state = states.0.to_owned();
        thing.steps = [gone, vanished].into();
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.id == id)
    }

    /// # Panics
    /// Panics if the object does not exist: this function is for ids that the world itself has issued.
    pub(crate) fn get(&self, id: &str) -> &Thing {
        self.find(id).unwrap_or_else(|| panic!("{id} is not in the world"))
    }

    /// # Panics
    /// Panics as [`World::get`] does.
    pub(crate) fn get_mut(&mut self, id: &str) -> &mut Thing {
        self.things.iter_mut().find(|thing| thing.id == id).unwrap_or_else(|| panic!("{id} is not in the world"))
    }

    /// Objects of a kind in `parent` that are not deleted.
    pub(crate) fn inside<'a>(&'a self, kind: Kind, parent: &'a str) -> impl Iterator<Item = &'a Thing> {
        self.things.iter().filter(move |thing| thing.kind == kind && thing.parent == parent && !thing.is_gone())
    }

    /// All objects of a kind that are not deleted.
    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(move |thing| thing.kind == kind && !thing.is_gone())
    }

    /// The space that contains a pool or scope.
    pub(crate) fn space_of(&mut self, thing_id: &str) -> &mut Space {
        let ipam = self.ipam_of(thing_id);
        self.spaces.get_mut(&ipam).expect("an IPAM has space")
    }

    /// The id of the IPAM that contains an object.
    pub(crate) fn ipam_of(&self, id: &str) -> String {
        let mut id = id;
        loop {
            let thing = self.get(id);
            if thing.kind == Kind::Ipam {
                return thing.id.clone();
            }
            id = &thing.parent;
        }
    }

    /// Carries out all changes that are due.
    pub(crate) fn settle(&mut self) {
        let now = self.now;
        for thing in &mut self.things {
            if thing.hidden.is_some_and(|hidden| hidden.is_over(now)) {
                thing.hidden = None;
            }
        }
        loop {
            let is_due = |thing: &&mut Thing| thing.steps.front().is_some_and(|step| step.after.is_over(now));
            let Some(thing) = self.things.iter_mut().find(is_due) else { return };
            let (id, sequence) = (thing.id.clone(), thing.sequence);
            if let Some(step) = thing.steps.pop_front() {
                thing.state = step.state.to_owned();
                self.take_effect(&id, sequence, step.effect);
            }
        }
    }

    fn take_effect(&mut self, id: &str, sequence: u64, effect: Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::Set(members) => self.get_mut(id).body.extend(members),
            Effect::Vanish => self.things.retain(|thing| thing.sequence != sequence),
            Effect::Deprovision => self.finish_deprovision(id),
            Effect::Delete => {
                let result = self.delete_from_core(id);
                self.note(result);
                self.remove_inside(id);
            }
        }
    }

    fn note(&mut self, result: Result<()>) {
        if let Err(fault) = result {
            self.violations.push(format!("the core refused what the endpoint had allowed: {}", fault.message));
        }
    }

    fn delete_from_core(&mut self, id: &str) -> Result<()> {
        let now = self.now;
        let thing = self.get(id);
        match thing.kind {
            Kind::Pool => self.space_of(id).delete_pool(now, id)?,
            Kind::Scope => self.space_of(id).delete_scope(now, id)?,
            Kind::Ipam => drop(self.spaces.remove(id)),
            Kind::Allocation => {
                let pool = thing.parent.clone();
                self.space_of(&pool).release(now, id)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Removes the content of an object from lists, and the allocation of its space in the pool above.
    fn remove_inside(&mut self, id: &str) {
        let mut gone: BTreeSet<String> = [id.to_owned()].into();
        loop {
            let is_next = |thing: &&Thing| {
                let of_pool = thing.kind == Kind::Allocation && gone.contains(thing.text("resourceId"));
                !gone.contains(&thing.id) && (gone.contains(&thing.parent) || of_pool)
            };
            let next: Vec<String> = self.things.iter().filter(is_next).map(|thing| thing.id.clone()).collect();
            if next.is_empty() {
                break;
            }
            gone.extend(next);
        }
        self.things.retain(|thing| thing.id == id || !gone.contains(&thing.id));
    }

    fn finish_deprovision(&mut self, id: &str) {
        let now = self.now;
        let thing = self.get(id);
        let (pool, source) = (thing.parent.clone(), thing.secret.get("sourceAllocation").cloned());
        let is_advertised = self.inside(Kind::ByoipCidr, id).any(|cidr| !cidr.state.starts_with("provisioned"));
        let result = if is_advertised {
            Err("The CIDR is advertised.")
        } else {
            let result = self.space_of(&pool).deprovision(now, id);
            result.map_err(|_| "The CIDR has one or more allocations.")
        };
        match result {
            Ok(()) => {
                self.things.retain(|thing| thing.parent != id);
                self.things.retain(|thing| source.as_ref().and_then(Value::as_str) != Some(thing.id.as_str()));
                let vanished = self.step(self.script.cidr_linger, "", Effect::Vanish);
                self.get_mut(id).steps.push_back(vanished);
            }
            Err(message) => {
                let reason = json!({"code": "cidr-not-available", "message": message});
                let thing = self.get_mut(id);
                thing.state = "failed-deprovision".to_owned();
                thing.body.insert("failureReason".to_owned(), reason);
            }
        }
    }

    /// Creates an allocation for a resource.
    ///
    /// # Errors
    /// Fails with the errors of the core.
    pub(crate) fn take(&mut self, pool_id: &str, resource_type: &str, resource_id: &str, cidr: Cidr) -> Result<()> {
        let (now, pool) = (self.now, self.get(pool_id).clone());
        let (id, _) = self.space_of(pool_id).allocate(now, pool_id, Size::Cidr(cidr), &BTreeSet::new())?;
        let body = members(json!({
            "cidr": cidr.to_string(),
            "resourceId": resource_id,
            "resourceType": resource_type,
            "resourceRegion": pool.text("locale"),
            "resourceOwner": pool.account,
        }));
        let region = pool.text("locale").to_owned();
        self.create(New {
            kind: Kind::Allocation,
            id,
            account: pool.account,
            region,
            parent: pool.id,
            body,
            tags: BTreeMap::new(),
            states: CREATED,
            delay: Delay::Reads(0),
        });
        Ok(())
    }

    pub(crate) fn resource_gone(&mut self, resource_id: &str) {
        let released = self.step(self.script.release, "", Effect::Delete);
        let vanished = self.step(Delay::Reads(0), "", Effect::Vanish);
        let of_it = |thing: &&mut Thing| thing.kind == Kind::Allocation && thing.text("resourceId") == resource_id;
        for thing in self.things.iter_mut().filter(of_it) {
            thing.steps = [released.clone(), vanished.clone()].into();
        }
    }

    /// An object as an answer shows it.
    pub(crate) fn render(&self, thing: &Thing) -> Map<String, Value> {
        let mut body = thing.body.clone();
        if thing.kind.has_state() {
            body.insert("state".to_owned(), thing.state.clone().into());
        }
        if !thing.kind.names().resource_type.is_empty() {
            body.insert("tagSet".to_owned(), tag_set(&thing.tags));
        }
        let count = |kind| self.inside(kind, &thing.id).count();
        match thing.kind {
            Kind::Ipam => {
                body.insert("scopeCount".to_owned(), count(Kind::Scope).into());
                let associations = count(Kind::DiscoveryAssociation);
                body.insert("resourceDiscoveryAssociationCount".to_owned(), associations.into());
            }
            Kind::Scope => {
                let pools = self.all(Kind::Pool).filter(|pool| pool.secret["scope"] == thing.id.as_str()).count();
                body.insert("poolCount".to_owned(), pools.into());
            }
            Kind::Token => {
                let is_valid = thing.text("notAfter").parse::<Timestamp>().is_ok_and(|end| self.now < end);
                body.insert("status".to_owned(), if is_valid { "valid" } else { "expired" }.into());
            }
            Kind::ByoipCidr => {
                let associations = self.inside(Kind::AsnAssociation, &thing.id).map(|found| self.render(found));
                body.insert("asnAssociationSet".to_owned(), associations.collect::<Vec<_>>().into());
            }
            _ => {}
        }
        body
    }

    /// An object as an answer shows it now; this counts as one read.
    pub(crate) fn show(&mut self, id: &str) -> Map<String, Value> {
        let shown = self.render(self.get(id));
        let is_shown =
            |thing: &&mut Thing| thing.id == id || (thing.kind == Kind::AsnAssociation && thing.parent == id);
        for step in self.things.iter_mut().filter(is_shown).filter_map(|thing| thing.steps.front_mut()) {
            step.after.read();
        }
        shown
    }

    /// Ids of the objects that fit and that lists show already. For the others this counts as one read.
    pub(crate) fn listed(&mut self, fits: impl Fn(&Thing) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for thing in self.things.iter_mut().filter(|thing| fits(thing)) {
            match &mut thing.hidden {
                Some(lag) => lag.read(),
                None => found.push(thing.id.clone()),
            }
        }
        found
    }

    /// Whether an account sees an object in a Region.
    pub(crate) fn is_visible(&self, thing: &Thing, account: &str, region: &str) -> bool {
        let shared = self.shares.contains(&(thing.id.clone(), account.to_owned()));
        let here = thing.region == region || (thing.kind == Kind::Pool && thing.text("locale") == region);
        (thing.account == account || shared) && here
    }

    /// The object with this id.
    ///
    /// # Errors
    /// Fails with `Invalid...Id.NotFound`.
    pub(crate) fn require(&self, kind: Kind, id: &str, account: &str, region: &str) -> Result<&Thing> {
        let found = self.find(id).filter(|thing| thing.kind == kind && self.is_visible(thing, account, region));
        let found = found.filter(|thing| thing.state != "delete-complete" && thing.hidden.is_none());
        found.ok_or_else(|| not_found(kind, id))
    }
}

/// `Invalid...Id.NotFound`.
pub(crate) fn not_found(kind: Kind, id: &str) -> Fault {
    let names = kind.names();
    Fault::new(&format!("{}.NotFound", names.not_found), format!("The {} '{id}' does not exist.", names.id))
}

/// The properties of a new object.
pub(crate) struct New {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) parent: String,
    pub(crate) body: Map<String, Value>,
    pub(crate) tags: BTreeMap<String, String>,
    /// The first state, and the one after `delay`.
    pub(crate) states: (&'static str, &'static str),
    pub(crate) delay: Delay,
}

pub(crate) const CREATING: (&str, &str) = ("create-in-progress", "create-complete");
pub(crate) const CREATED: (&str, &str) = ("create-complete", "create-complete");
pub(crate) const DELETING: (&str, &str) = ("delete-in-progress", "delete-complete");

/// The ARN of an object. ARNs of IPAM have no Region.
pub(crate) fn arn(kind: Kind, account: &str, id: &str) -> String {
    format!("arn:aws:ec2::{account}:{}/{id}", kind.names().resource_type)
}

/// The members of a JSON object, without null members.
pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => panic!("{other} is not an object"),
    }
}

pub(crate) fn tag_set(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}
