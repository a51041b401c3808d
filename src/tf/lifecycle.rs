//! The rules of plan and apply, once for all resources.
//!
//! Every plan and state contains the values exactly as the user wrote them, unless the state already has another spelling
//! of the same value. A resource decides only the values that the user left open. So a mistake in a resource never causes
//! Terraform's error "provider produced inconsistent ...": it becomes a diagnostic here that names the resource.

use super::action::{Action, Invocation};
use super::configuration::{deprecations, missing, refuse_computed};
use super::kept_arguments;
use super::merge::{fulfils, keep_spelling, merge_answer, merge_config, unknown_as_null, with_defaults};
use super::requests::{ApplyRequest, ApplyResponse, PlanRequest, PlanResponse};
use super::resource::{Apply, DataSource, MoveSource, Plan, Resource};
use super::write_only::{with_write_only, without_write_only};
use super::{Block, Diagnostic, Diagnostics, Model, Path, Value, json};

pub(super) fn validate<M: Model>(block: &Block, config: &Value, check: impl FnOnce(&M) -> Diagnostics) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    refuse_computed(&block.attributes, config, &Path::root(), &mut diagnostics);
    diagnostics.append(deprecations(block, config));
    diagnostics.append(missing(block, config));
    if let Some(model) = diagnostics.gather(M::decode(config, &Path::root())) {
        diagnostics.append(check(&model));
    }
    diagnostics
}

pub(super) fn upgrade<R: Resource>(resource: &R, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
    if version > R::VERSION {
        let detail = format!(
            "The stored state of this {} has version {version}, and this release of the provider supports versions up \
             to {}. Use the release that wrote it, or a newer one.",
            R::TYPE,
            R::VERSION
        );
        return Err(Diagnostic::error("State of a newer provider", detail).into());
    }
    resource.state_loaded(&state);
    let state = if version == R::VERSION { state } else { resource.upgrade(version, state)? };
    json::from_json(&state, &R::Model::block().value_type()).map_err(|sentence| {
        Diagnostic::error("Damaged state", format!("The stored state of this {} cannot be read: {sentence}", R::TYPE))
            .into()
    })
}

/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan<R: Resource>(resource: &R, request: &PlanRequest) -> Result<PlanResponse, Diagnostics> {
    if request.proposed.is_null() {
        resource.plan_delete(&request.prior);
        resource.check_delete(&request.prior)?;
        return Ok(PlanResponse { planned: Value::Null, ..request.unchanged(Diagnostics::new()) });
    }
    let block = R::Model::block();
    // All values that an expression depends on are known only now. A null here would replace or delete the object.
    missing(&block, &request.config).into_result()?;
    let prior = existing(resource, &request.prior);
    let (config, kept) = if prior.is_null() {
        (request.config.clone(), Vec::new())
    } else {
        kept_arguments::complete(resource, &block, prior, &request.config)
    };
    let mut start = merge_config(&block.attributes, prior, &config);
    if !prior.is_null() {
        // The state has no write-only values to compare with.
        start = without_write_only(&block.attributes, &start);
    }
    let mut plan = Plan {
        config: R::Model::decode(&config, &Path::root())?,
        planned: R::Model::decode(&start, &Path::root())?,
        replace: Vec::new(),
        kept,
        private: request.prior_private.clone(),
        first_plan: request.first_plan.clone(),
        carries_private: request.carries_private,
        committing: request.committing,
        warnings: Diagnostics::new(),
    };
    if prior.is_null() {
        resource.plan_create(&mut plan)?;
    } else {
        let model = R::Model::decode(prior, &Path::root())?;
        plan.replace = replaced(&block, prior, &start);
        kept_arguments::check(resource, &block, (prior, &start), (&model, &plan))?;
        resource.plan_update(&model, &mut plan)?;
    }
    let Plan { planned, replace, private, warnings, .. } = plan;
    let planned = merge_answer(&block.attributes, &config, &start, &planned.encode());
    let planned = without_write_only(&block.attributes, &planned);
    Ok(PlanResponse { planned, replace, private, diagnostics: warnings })
}

/// The state of an object that exists; null for a new object, and for one that an import named before it exists.
fn existing<'a, R: Resource>(resource: &R, state: &'a Value) -> &'a Value {
    if !state.is_null() && resource.is_candidate(state) { &Value::Null } else { state }
}

fn replaced(block: &Block, prior: &Value, proposed: &Value) -> Vec<Path> {
    let replaced = block.attributes.iter().filter(|attribute| {
        attribute.replace && !attribute.same(prior.entry(attribute.name), proposed.entry(attribute.name))
    });
    replaced.map(|attribute| Path::attribute(attribute.name)).collect()
}

pub(super) fn apply<R: Resource>(resource: &R, request: ApplyRequest) -> ApplyResponse {
    let mut warnings = Diagnostics::new();
    let mut private = request.private.clone();
    match try_apply(resource, &request, &mut private, &mut warnings) {
        Ok(state) => ApplyResponse { state, private, diagnostics: warnings },
        Err((reached, errors)) => {
            warnings.append(errors);
            ApplyResponse { state: reached, private, diagnostics: warnings }
        }
    }
}

fn try_apply<R: Resource>(
    resource: &R,
    request: &ApplyRequest,
    private: &mut super::Private,
    warnings: &mut Diagnostics,
) -> Result<Value, (Value, Diagnostics)> {
    let nothing_done = |diagnostics| (request.prior.clone(), diagnostics);
    let decode = |value| R::Model::decode(value, &Path::root()).map_err(nothing_done);
    let prior = existing(resource, &request.prior);
    if request.planned.is_null() {
        if prior.is_null() {
            return Ok(Value::Null);
        }
        resource.delete(&decode(prior)?, &request.stop).map_err(nothing_done)?;
        return Ok(Value::Null);
    }
    let attributes = R::Model::block().attributes;
    // A new object gets its secrets. The state of an existing one has none, and `config` has them.
    let start = if prior.is_null() {
        with_write_only(&attributes, &request.planned, &request.config)
    } else {
        request.planned.clone()
    };
    let mut apply = Apply {
        state: decode(&start)?,
        config: decode(&request.config)?,
        private: private.clone(),
        reached: None,
        warnings: Diagnostics::new(),
        stop: request.stop.clone(),
    };
    let done = if prior.is_null() { resource.create(&mut apply) } else { resource.update(&decode(prior)?, &mut apply) };
    *private = apply.private;
    warnings.append(apply.warnings);
    let in_planned_spelling = |model: R::Model| {
        keep_spelling(&attributes, &request.planned, &without_write_only(&attributes, &model.encode()))
    };
    if let Err(errors) = done {
        // Terraform would add a separate error about every unknown value.
        let reached = apply.reached.map(|model| unknown_as_null(in_planned_spelling(model)));
        return Err((reached.unwrap_or_else(|| request.prior.clone()), errors));
    }
    let state = in_planned_spelling(apply.state);
    match broken_promises(resource, &request.planned, &state).into_result() {
        Ok(()) => Ok(state),
        Err(errors) => Err((unknown_as_null(state), errors)),
    }
}

/// Finds planned values that apply changed. Terraform's check would report a bug in the provider in general. This check
/// names the attribute, and whether the provider or a service changed the value.
fn broken_promises<R: Resource>(resource: &R, planned: &Value, state: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for attribute in R::Model::block().attributes {
        let (planned, now) = (planned.entry(attribute.name), state.entry(attribute.name));
        let subject = format!("{} of this {}", attribute.name, R::TYPE);
        let (summary, detail) = if !now.is_wholly_known() {
            ("The plan was not kept", format!("After apply, {subject} is still unknown. {BUG}"))
        } else if fulfils(&attribute.ty, planned, now) {
            continue;
        } else {
            let shown = !attribute.holds_secret();
            other_than_planned(resource.service(), &subject, shown.then_some((planned, now)))
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(Path::attribute(attribute.name)));
    }
    diagnostics
}

const BUG: &str = "This is a bug in the provider: please report it.";

/// Summary and detail for a value that differs from the planned one. `values` is `None` if the values must not be shown.
fn other_than_planned(
    service: Option<String>,
    subject: &str,
    values: Option<(&Value, &Value)>,
) -> (&'static str, String) {
    match (service, values) {
        (None, Some((planned, now))) => (
            "The plan was not kept",
            format!("After apply, {subject} was planned as {planned} and came out as {now}. {BUG}"),
        ),
        (None, None) => ("The plan was not kept", format!("After apply, {subject} is not what was planned. {BUG}")),
        (Some(service), values) => {
            let sentence = match values {
                Some((planned, now)) => format!("{subject} was requested as {planned}, and {service} answered {now}."),
                None => format!("{service} answered another value than the one that was requested for {subject}."),
            };
            (
                "The answer differs from the request",
                format!(
                    "{sentence} The state has the value of the answer. Plan again. If the plan still shows the difference, \
                     change the configuration, or ask the operator of the service."
                ),
            )
        }
    }
}

/// The object if it contains no unknown value, or else an error for each attribute that does.
fn wholly_known(block: &Block, type_name: &str, object: Value) -> Result<Value, Diagnostics> {
    let unknown = block.attributes.iter().filter(|attribute| !object.entry(attribute.name).is_wholly_known());
    let diagnostics: Diagnostics = unknown
        .map(|attribute| {
            let detail = format!("{} of this {type_name} was read as unknown. {BUG}", attribute.name);
            Diagnostic::error("Unknown value", detail).at(Path::attribute(attribute.name))
        })
        .collect();
    diagnostics.into_result().map(|()| object)
}

pub(super) fn read<R: Resource>(resource: &R, state: &Value) -> Result<(Value, Diagnostics), Diagnostics> {
    let mut warnings = Diagnostics::new();
    let Some(now) = resource.read(R::Model::decode(state, &Path::root())?, &mut warnings)? else {
        return Ok((Value::Null, warnings));
    };
    let block = R::Model::block();
    let now = keep_spelling(&block.attributes, state, &now.encode());
    Ok((wholly_known(&block, R::TYPE, now)?, warnings))
}

pub(super) fn import<R: Resource>(resource: &R, id: &str) -> Result<(Value, Diagnostics), Diagnostics> {
    let model = resource.import(id)?;
    Ok((first_state(R::TYPE, &model)?, resource.imported(&model)))
}

/// Moves a state to this resource type. If the state has the same type, this provider wrote it under another address
/// (another host or namespace), and it is read as if it had not moved.
pub(super) fn move_from<R: Resource>(resource: &R, source: &MoveSource<'_>) -> Result<Value, Diagnostics> {
    if source.type_name == R::TYPE && is_this_provider(R::TYPE, source.provider_address) {
        return upgrade(resource, source.schema_version, source.state.clone());
    }
    match resource.move_from(source)? {
        Some(model) => first_state(R::TYPE, &model),
        None => Err(Diagnostic::error(
            "Unsupported move",
            format!(
                "A {} of the provider {} cannot become a {}. Leave the `moved` block out, and import the object into {} \
                 by its id.",
                source.type_name,
                source.provider_address,
                R::TYPE,
                R::TYPE
            ),
        )
        .into()),
    }
}

/// Whether an address, with or without host and namespace, names the provider that a type belongs to: both begin with the
/// same word.
fn is_this_provider(type_name: &str, address: &str) -> bool {
    let name = type_name.split('_').next();
    address.rsplit('/').next() == name
}

/// Arguments that only control the provider, such as `cascade`, are in no store. An import starts with their defaults, so
/// that the next plan is empty.
pub(super) fn first_state<M: Model>(type_name: &str, model: &M) -> Result<Value, Diagnostics> {
    let block = M::block();
    let state = with_defaults(&block.attributes, &model.encode());
    wholly_known(&block, type_name, state)
}

/// What a data source or a list is asked for: the configuration with defaults.
///
/// # Errors
/// For a required argument that is null.
pub(super) fn asked<M: Model>(config: &Value) -> Result<Value, Diagnostics> {
    let block = M::block();
    missing(&block, config).into_result()?;
    Ok(with_defaults(&block.attributes, config))
}

pub(super) fn read_data<D: DataSource>(data_source: &D, config: &Value) -> Result<Value, Diagnostics> {
    let block = D::Model::block();
    let answer = data_source.read(D::Model::decode(&asked::<D::Model>(config)?, &Path::root())?)?.encode();
    // Values that the user wrote are kept as written, whatever the data source answers.
    let start = merge_config(&block.attributes, &Value::Null, config);
    let state = merge_answer(&block.attributes, config, &start, &answer);
    wholly_known(&block, D::TYPE, state)
}

/// The arguments of an action. Unlike in a validation, all values that an expression depends on are known now, so a
/// required argument may turn out to be null.
fn action_model<A: Action>(config: &Value) -> Result<A::Model, Diagnostics> {
    missing(&A::Model::block(), config).into_result()?;
    A::Model::decode(config, &Path::root())
}

/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_action<A: Action>(action: &A, config: &Value) -> Result<Diagnostics, Diagnostics> {
    let model = action_model::<A>(config)?;
    // An argument that was unknown in the validation may be known now.
    action.validate(&model).into_result()?;
    action.plan(&model)
}

/// # Errors
/// The errors that the user has to correct, or the reason of the failure.
pub(super) fn invoke_action<A: Action>(
    action: &A,
    config: &Value,
    invocation: &mut Invocation<'_>,
) -> Result<(), Diagnostics> {
    let model = action_model::<A>(config)?;
    action.validate(&model).into_result()?;
    action.invoke(&model, invocation)
}
