//! The rules of plan and apply, once for all resources.
//!
//! What the user wrote stands in every plan and state exactly as written, unless the state already has another
//! spelling of the same; a resource decides only what the user left open. So none of Terraform's "provider
//! produced inconsistent ..." errors can come from a resource's slip: it becomes a diagnostic here that names it.

use std::collections::BTreeMap;

use super::erased::{ApplyRequest, ApplyResponse, PlanRequest, PlanResponse};
use super::resource::{Apply, DataSource, MoveSource, Plan, Resource};
use super::{Attribute, AttributeType, Block, Diagnostic, Diagnostics, Model, Path, Value, json};

pub(super) fn validate<M: Model>(config: &Value, check: impl FnOnce(&M) -> Diagnostics) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    refuse_computed(&M::block().attributes, config, &Path::root(), &mut diagnostics);
    if let Some(model) = diagnostics.gather(M::decode(config, &Path::root())) {
        diagnostics.append(check(&model));
    }
    diagnostics
}

/// Terraform core lets users set attributes that only the provider may set; refusing it is left to providers.
fn refuse_computed(attributes: &[Attribute], config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    for attribute in attributes {
        let value = config.entry(attribute.name);
        let at = at.then(attribute.name);
        if value.is_null() || config.is_unknown() {
            continue;
        }
        if attribute.is_computed_only() {
            diagnostics.push(
                Diagnostic::error(
                    format!("{} cannot be set", attribute.name),
                    format!("{at} is decided by the provider. Remove it from the configuration; it can be read as an attribute of this object."),
                )
                .at(at),
            );
        } else if let AttributeType::Nested(_, nested) = &attribute.ty {
            match value {
                Value::List(items) => {
                    for (position, item) in items.iter().enumerate() {
                        refuse_computed(nested, item, &at.index(position), diagnostics);
                    }
                }
                object => refuse_computed(nested, object, &at, diagnostics),
            }
        }
    }
}

pub(super) fn upgrade<R: Resource>(resource: &R, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
    resource.seen(&state);
    let state = if version == R::VERSION { state } else { resource.upgrade(version, state)? };
    json::from_json(&state, &R::Model::block().value_type()).map_err(|sentence| {
        Diagnostic::error("Damaged state", format!("The stored state of this {} cannot be read: {sentence}", R::TYPE))
            .into()
    })
}

pub(super) fn plan<R: Resource>(resource: &R, request: PlanRequest) -> PlanResponse {
    let mut diagnostics = Diagnostics::new();
    let planned = diagnostics.gather(try_plan(resource, &request));
    match planned {
        Some((planned, replace, private, warnings)) => {
            diagnostics.append(warnings);
            PlanResponse { planned, replace, private, diagnostics }
        }
        None => {
            PlanResponse { planned: request.prior, replace: Vec::new(), private: request.prior_private, diagnostics }
        }
    }
}

type Planned = (Value, Vec<Path>, super::Private, Diagnostics);

fn try_plan<R: Resource>(resource: &R, request: &PlanRequest) -> Result<Planned, Diagnostics> {
    if request.proposed.is_null() {
        return Ok((Value::Null, Vec::new(), request.prior_private.clone(), Diagnostics::new()));
    }
    let block = R::Model::block();
    let start = wished(&block, &request.prior, &request.config);
    let mut plan = Plan {
        config: R::Model::decode(&request.config, &Path::root())?,
        planned: R::Model::decode(&start, &Path::root())?,
        replace: Vec::new(),
        private: request.prior_private.clone(),
        first_plan: request.first_plan.clone(),
        carries_private: request.carries_private,
        committing: request.committing,
        warnings: Diagnostics::new(),
    };
    if request.prior.is_null() {
        resource.plan_create(&mut plan)?;
    } else {
        let prior = R::Model::decode(&request.prior, &Path::root())?;
        plan.replace = replaced(&block, &request.prior, &start);
        resource.plan_update(&prior, &mut plan)?;
    }
    let planned = decided(&block, &request.config, &start, plan.planned.encode());
    Ok((planned, plan.replace, plan.private, plan.warnings))
}

/// What a plan starts from: what the user wrote, defaults, and for the rest what was, or unknown for a new object.
fn wished(block: &Block, prior: &Value, config: &Value) -> Value {
    let new = prior.is_null();
    let mut wished = BTreeMap::new();
    for attribute in &block.attributes {
        let (was, wrote) = (prior.entry(attribute.name), config.entry(attribute.name));
        let wish = match (wrote, &attribute.default) {
            (Value::Null, Some(default)) => default,
            (Value::Null, None) if !attribute.computed => &Value::Null,
            (Value::Null, None) if new => &Value::Unknown,
            (Value::Null, None) => was,
            (wrote, _) => wrote,
        };
        let keep_spelling = !new && attribute.same(was, wish);
        wished.insert(attribute.name.to_owned(), if keep_spelling { was.clone() } else { wish.clone() });
    }
    for nested in &block.blocks {
        wished.insert(nested.name.to_owned(), config.entry(nested.name).clone());
    }
    Value::Map(wished)
}

fn replaced(block: &Block, prior: &Value, wished: &Value) -> Vec<Path> {
    let replaced = block.attributes.iter().filter(|attribute| {
        attribute.replace && !attribute.same(prior.entry(attribute.name), wished.entry(attribute.name))
    });
    replaced.map(|attribute| Path::attribute(attribute.name)).collect()
}

/// The resource's answer where the user left something open, the wish everywhere else.
fn decided(block: &Block, config: &Value, wished: &Value, answer: Value) -> Value {
    let Value::Map(mut answer) = answer else { return wished.clone() };
    for attribute in &block.attributes {
        let open = config.entry(attribute.name).is_null() && attribute.default.is_none() && attribute.computed;
        if !open {
            answer.insert(attribute.name.to_owned(), wished.entry(attribute.name).clone());
        }
    }
    for nested in &block.blocks {
        answer.insert(nested.name.to_owned(), wished.entry(nested.name).clone());
    }
    Value::Map(answer)
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
    if request.planned.is_null() {
        resource.delete(&decode(&request.prior)?, &request.stop).map_err(nothing_done)?;
        return Ok(Value::Null);
    }
    let mut apply = Apply {
        state: decode(&request.planned)?,
        config: decode(&request.config)?,
        private: private.clone(),
        reached: None,
        warnings: Diagnostics::new(),
        stop: request.stop.clone(),
    };
    let done = if request.prior.is_null() {
        resource.create(&mut apply)
    } else {
        resource.update(&decode(&request.prior)?, &mut apply)
    };
    *private = apply.private;
    warnings.append(apply.warnings);
    if let Err(errors) = done {
        let reached = apply.reached.map_or_else(|| request.prior.clone(), |model| model.encode());
        return Err((reached, errors));
    }
    let answer = apply.state.encode();
    let state = kept(&R::Model::block(), &request.planned, answer.clone());
    broken_promises::<R>(&request.planned, &answer, &state).into_result().map_err(|errors| (state.clone(), errors))?;
    Ok(state)
}

/// The answer, in the spelling of `known` where both mean the same.
fn kept(block: &Block, known: &Value, answer: Value) -> Value {
    let Value::Map(mut answer) = answer else { return answer };
    for attribute in &block.attributes {
        let was = known.entry(attribute.name);
        if answer.get(attribute.name).is_some_and(|now| was.is_wholly_known() && attribute.same(was, now)) {
            answer.insert(attribute.name.to_owned(), was.clone());
        }
    }
    for nested in &block.blocks {
        answer.insert(nested.name.to_owned(), known.entry(nested.name).clone());
    }
    Value::Map(answer)
}

/// Terraform's own check of these would blame the provider in general; this one names the attribute.
fn broken_promises<R: Resource>(planned: &Value, answer: &Value, state: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for attribute in R::Model::block().attributes {
        let (planned, now) = (planned.entry(attribute.name), state.entry(attribute.name));
        let what = if !now.is_wholly_known() {
            "is still unknown".to_owned()
        } else if planned.is_wholly_known() && planned != now {
            format!("was planned as {planned:?} and came out as {:?}", answer.entry(attribute.name))
        } else {
            continue;
        };
        diagnostics.push(
            Diagnostic::error(
                "The plan was not kept",
                format!(
                    "After apply, {} of this {} {what}. This is a bug in the provider: please report it.",
                    attribute.name,
                    R::TYPE
                ),
            )
            .at(Path::attribute(attribute.name)),
        );
    }
    diagnostics
}

pub(super) fn read<R: Resource>(resource: &R, state: &Value) -> Result<Value, Diagnostics> {
    let now = resource.read(R::Model::decode(state, &Path::root())?)?;
    Ok(now.map_or(Value::Null, |model| kept(&R::Model::block(), state, model.encode())))
}

pub(super) fn import<R: Resource>(resource: &R, id: &str) -> Result<Value, Diagnostics> {
    resource.import(id).map(with_defaults)
}

pub(super) fn move_from<R: Resource>(resource: &R, source: &MoveSource<'_>) -> Result<Value, Diagnostics> {
    match resource.move_from(source)? {
        Some(model) => Ok(with_defaults(model)),
        None => Err(Diagnostic::error(
            "Unsupported move",
            format!("A {} of {} cannot become a {}.", source.type_name, source.provider_address, R::TYPE),
        )
        .into()),
    }
}

/// Arguments that only steer the provider (`cascade`, say) are in no store: an import starts with their defaults,
/// so that the plan after it is empty.
fn with_defaults<M: Model>(model: M) -> Value {
    let Value::Map(mut state) = model.encode() else { return Value::Null };
    for attribute in M::block().attributes {
        if let (Some(Value::Null), Some(default)) = (state.get(attribute.name), attribute.default) {
            state.insert(attribute.name.to_owned(), default);
        }
    }
    Value::Map(state)
}

pub(super) fn read_data<D: DataSource>(data_source: &D, config: &Value) -> Result<Value, Diagnostics> {
    let answer = data_source.read(D::Model::decode(config, &Path::root())?)?.encode();
    let block = D::Model::block();
    let state = kept(&block, config, answer);
    // What the user wrote stands as written, whatever a data source answers.
    Ok(decided(&block, config, &wished(&block, &Value::Null, config), state))
}
