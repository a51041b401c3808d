//! An EC2 endpoint on 127.0.0.1 that plays AWS VPC IPAM for tests: query protocol in, XML out.
//!
//! The space is kept by the provider's own core, one ledger for each IPAM; the rules on top are those of AWS. Requests
//! are read with the model that botocore contains, and answers are checked against it: a violation fails the test, see
//! [`Endpoint::take_violations`].
//! Changes take as long as the [`Script`] says, counted in reads or by a clock that only the test moves.
//! It depends on no other module of the tests.
//!
//! | module | what |
//! |---|---|
//! | `http`, `signature`, `xml`, `fault` | the wire |
//! | `model`, `list` | typed parameters; filters and pages |
//! | `world`, `thing`, `space` | accounts, what is in them, and the core |
//! | `script` | delays, limits, failures |
//! | `actions` | one function for each action, by noun |
//! | `sts` | roles, so that clients come to other accounts |

mod actions;
mod fault;
mod http;
mod list;
pub(crate) mod model;
mod script;
mod signature;
mod space;
mod sts;
mod thing;
mod world;
mod xml;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use actions::Ask;
use fault::{Fault, Result};
use http::{Answer, Reply, Server};
use model::Model;
pub(crate) use script::{Delay, Quotas, Script, Trouble};
use signature::{Claim, Signed, auth_failure};
pub(crate) use thing::{Kind, Thing};
pub(crate) use world::{Call, Credentials};
use world::{Remembered, World};

/// The version of the EC2 API that the endpoint plays.
const VERSION: &str = "2016-11-15";

/// The endpoint. It ends when it is dropped; the test then fails if a request or an answer violated the model.
pub(crate) struct Endpoint {
    server: Server,
    world: Arc<Mutex<World>>,
}

impl Endpoint {
    /// An endpoint with an empty world.
    pub(crate) fn start() -> Self {
        Model::shared();
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).expect("the operating system has random bytes");
        let world = Arc::new(Mutex::new(World::new(u64::from_be_bytes(seed))));
        let behind = Arc::clone(&world);
        let handler = move |request| answer(&mut lock(&behind), &request);
        Self { server: Server::start(Arc::new(handler)), world }
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The access key of this account (twelve digits), which exists from now on.
    pub(crate) fn credentials(&self, account: &str) -> Credentials {
        self.world().credentials(account)
    }

    /// Adds a complete IPAM as if the account had made it in the first of these Regions. Returns its id.
    pub(crate) fn add_ipam(&self, account: &str, regions: &[&str]) -> String {
        let mut world = self.world();
        let names = regions.iter().zip(1..);
        let form = names.map(|(region, number)| (format!("OperatingRegion.{number}.RegionName"), (*region).to_owned()));
        let mut call = Call {
            action: "CreateIpam".to_owned(),
            region: regions.first().expect("an IPAM has a home Region").to_string(),
            account: account.to_owned(),
            parameters: Map::new(),
            request_id: String::new(),
            error: None,
        };
        let script = std::mem::replace(&mut world.script, Script::at_once());
        let made = carry_out(&mut world, &mut call, &form.collect::<Vec<_>>());
        world.script = script;
        let made = made.expect("the account has no IPAM in that Region yet");
        made["ipam"]["ipamId"].as_str().expect("an id is text").to_owned()
    }

    /// Sets how the endpoint behaves from now on.
    pub(crate) fn script(&self, script: Script) {
        self.world().script = script;
    }

    /// Sets the outcome of the next `times` calls of `action`, after the outcomes that are set already.
    pub(crate) fn trouble(&self, action: &str, times: usize, trouble: Trouble) {
        let mut world = self.world();
        let queue = world.troubles.entry(action.to_owned()).or_default();
        queue.extend(std::iter::repeat_n(trouble, times));
    }

    /// Every request that had a valid signature, the oldest first.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Violations of botocore's model, in requests or in answers of the endpoint.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.world().violations.clone()
    }

    /// Returns the violations and removes them, for tests that expect them: none may be left when the endpoint is
    /// dropped.
    pub(crate) fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.world().violations)
    }

    /// Moves the endpoint's clock forward.
    pub(crate) fn advance(&self, time: Duration) {
        let mut world = self.world();
        world.now += SignedDuration::try_from(time).expect("the time fits into a signed duration");
        world.settle();
    }

    /// Puts an object into a state that no action leads to (`isolate-complete`, `delete-failed`, ...).
    pub(crate) fn set_state(&self, id: &str, state: &str) {
        let mut world = self.world();
        let thing = world.get_mut(id);
        state.clone_into(&mut thing.state);
        thing.steps.clear();
    }

    /// Shares a pool or a resource discovery with another account, as RAM does.
    pub(crate) fn share(&self, id: &str, account: &str) {
        self.world().shares.insert((id.to_owned(), account.to_owned()));
    }

    /// Ends a share. Associations through it stay, and show that the share is broken.
    pub(crate) fn unshare(&self, id: &str, account: &str) {
        let mut world = self.world();
        world.shares.remove(&(id.to_owned(), account.to_owned()));
        let is_through = |thing: &&mut Thing| thing.account == account && thing.text("ipamResourceDiscoveryId") == id;
        for thing in world.things.iter_mut().filter(|thing| thing.kind == Kind::DiscoveryAssociation).filter(is_through)
        {
            thing.body.insert("resourceDiscoveryStatus".to_owned(), "not-found".into());
        }
    }

    /// Releases the CIDR of a resource from its pool. The resource keeps the CIDR, and a move that waits for the
    /// release is carried out.
    pub(crate) fn released(&self, resource_id: &str) {
        actions::resources::release(&mut self.world(), resource_id);
    }

    /// Sets the account that delegates the administration of IPAM.
    pub(crate) fn management_account(&self, account: &str) {
        self.world().management_account = Some(account.to_owned());
    }

    /// Allocates a block of a pool to a resource (`vpc`, ...), as if the resource were created outside IPAM.
    pub(crate) fn take(&self, pool_id: &str, resource_type: &str, resource_id: &str, cidr: &str) {
        let mut world = self.world();
        let cidr = cidr.parse().expect("a CIDR");
        world.take(pool_id, resource_type, resource_id, cidr).expect("this block of the pool is free");
    }

    /// Deletes a resource; its space is released as late as the script says.
    pub(crate) fn resource_gone(&self, resource_id: &str) {
        self.world().resource_gone(resource_id);
    }

    /// Refuses to let any client assume the role with this ARN. Every client can assume all other roles.
    pub(crate) fn close_role(&self, arn: &str) {
        self.world().closed_roles.insert(arn.to_owned());
    }

    /// Adds an item that AWS finds itself, to the set (`ipamDiscoveredAccountSet`, ...) that lists it.
    pub(crate) fn seed(&self, set: &str, item: Value) {
        let item = world::members(item);
        self.world().seeds.entry(set.to_owned()).or_default().push(item);
    }

    /// Removes the items that [`Endpoint::seed`] added to a set.
    pub(crate) fn forget(&self, set: &str) {
        self.world().seeds.remove(set);
    }

    /// All objects of a kind, deleted ones included, in the order of creation.
    pub(crate) fn things(&self, kind: Kind) -> Vec<Thing> {
        let mut world = self.world();
        world.settle();
        world.things.iter().filter(|thing| thing.kind == kind).cloned().collect()
    }

    /// The id of the object that contains this one.
    pub(crate) fn parent_of(&self, id: &str) -> String {
        self.world().get(id).parent.clone()
    }

    /// An object as clients with botocore's model see it after `action` in `set`. This does not count as a read.
    pub(crate) fn as_clients_see(&self, action: &str, set: &str, id: &str) -> Value {
        let world = self.world();
        let body = world.render(world.get(id));
        let operation = Model::shared().operation(action).expect("a known action");
        let list = operation.output.members[set].shape.as_clients_see(&Value::from(vec![Value::Object(body)]));
        list[0].clone()
    }

    /// Findings of the core's audit over all IPAMs.
    pub(crate) fn audit(&self) -> Vec<String> {
        let mut world = self.world();
        let audits = world.spaces.values_mut().map(|space| space.audit().expect("memory can be read"));
        audits.flat_map(|audit| audit.findings).map(|finding| format!("{finding:?}")).collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let violations = self.take_violations();
            assert!(violations.is_empty(), "botocore's model does not allow: {violations:#?}");
        }
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request.
fn answer(world: &mut World, request: &Signed) -> Answer {
    let request_id = request_id(world);
    if let Some((status, text)) = sts::answer(world, request, &request_id) {
        return Some(Reply { status, request_id, text });
    }
    let mut action = String::new();
    let (status, text) = match respond(world, request, &request_id, &mut action) {
        Ok(Some(members)) => (200, xml::answer(&action, &request_id, &members)),
        Ok(None) => return None,
        Err(fault) => (fault.status, xml::error(&fault, &request_id)),
    };
    Some(Reply { status, request_id, text })
}

/// A new request id, in the form of a UUID.
fn request_id(world: &mut World) -> String {
    let (a, b) = (world::dice(&mut world.seed), world::dice(&mut world.seed));
    let digits = format!("{a:016x}{b:016x}");
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// Authenticates a request by its signature for `service`. Returns the verified claim, and the account.
///
/// # Errors
/// Fails with `AuthFailure`, `RequestExpired` or `SignatureDoesNotMatch`.
fn authenticate(world: &World, request: &Signed, service: &str) -> Result<(Claim, String)> {
    let claim = Claim::of(request, service)?;
    let unknown = || auth_failure("The access key is not known.");
    let (account, credentials) = world.accounts.get(&claim.access_key).cloned().ok_or_else(unknown)?;
    let now = Timestamp::now() + SignedDuration::from_secs(world.script.clock_skew_seconds);
    claim.verify(request, &credentials.secret_key, now)?;
    if request.headers.get("x-amz-security-token") != credentials.session_token.as_ref() {
        return Err(auth_failure("The security token is not the one that came with the access key."));
    }
    Ok((claim, account))
}

/// Answers a request; `Ok(None)` withholds the answer.
fn respond(
    world: &mut World,
    request: &Signed,
    request_id: &str,
    action: &mut String,
) -> Result<Option<Map<String, Value>>> {
    let (claim, account) = authenticate(world, request, "ec2")?;
    let form: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    *action = field("Action").ok_or_else(|| Fault::new("MissingAction", "The request has no action."))?;
    if field("Version").as_deref() != Some(VERSION) {
        return Err(Fault::new("NoSuchVersion", format!("The version must be {VERSION}.")));
    }
    world.settle();
    let trouble = world.troubles.get_mut(action).and_then(|queue| queue.pop_front());
    let mut call = Call {
        action: action.clone(),
        region: claim.region,
        account,
        parameters: Map::new(),
        request_id: request_id.to_owned(),
        error: None,
    };
    let result = match &trouble {
        Some(Trouble::Throttle) => Err(Fault::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503)),
        Some(Trouble::Error { code, message }) => Err(Fault::new(code, *message)),
        Some(Trouble::LoseRequest) => Ok(Map::new()),
        Some(Trouble::AnswerAbout { asked, answered }) => {
            let other = |text: &String| if text == asked { answered.clone() } else { text.clone() };
            let form: Vec<_> = form.iter().map(|(name, text)| (name.clone(), other(text))).collect();
            carry_out(world, &mut call, &form)
        }
        Some(Trouble::LoseAnswer) | None => carry_out(world, &mut call, &form),
    };
    call.error = result.as_ref().err().map(|fault| fault.code.clone());
    world.calls.push(call);
    match trouble {
        Some(Trouble::LoseAnswer | Trouble::LoseRequest) => Ok(None),
        _ => result.map(Some),
    }
}

fn carry_out(world: &mut World, call: &mut Call, form: &[(String, String)]) -> Result<Map<String, Value>> {
    let action = call.action.as_str();
    let known = Model::shared().operation(action).zip(actions::find(action));
    let (operation, run) = known
        .ok_or_else(|| Fault::new("InvalidAction", format!("The action {action} is not valid for this endpoint.")))?;
    call.parameters = operation.read(form).inspect_err(|fault| {
        world.violations.push(format!("request {action}: {}: {}", fault.code, fault.message));
    })?;
    if call.parameters.get("DryRun").and_then(Value::as_bool) == Some(true) {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Fault::new("DryRunOperation", message).with_status(412));
    }
    let token = call.parameters.get("ClientToken").and_then(Value::as_str).map(str::to_owned);
    let key = token.map(|token| [call.account.clone(), call.region.clone(), action.to_owned(), token]);
    if let Some(known) = key.as_ref().and_then(|key| world.remembered.get(key)) {
        return match known.parameters == call.parameters {
            true => Ok(known.answer.clone()),
            false => Err(Fault::new("IdempotentParameterMismatch", "The client token was used with other parameters.")),
        };
    }
    let (account, region, parameters) = (call.account.clone(), call.region.clone(), call.parameters.clone());
    let answer = run(&mut Ask { world, action, operation, account, region, parameters })?;
    if let Err(why) = operation.check_answer(&answer) {
        world.violations.push(format!("answer to {action}: {why}"));
        return Err(Fault::internal(why));
    }
    if let Some(key) = key {
        world.remembered.insert(key, Remembered { parameters: call.parameters.clone(), answer: answer.clone() });
    }
    Ok(answer)
}

/// Actions of the model that the endpoint does not play.
pub(crate) fn missing_actions() -> Vec<&'static str> {
    Model::shared().actions().filter(|action| actions::find(action).is_none()).collect()
}
