//! Write-only arguments of a managed resource.

use super::*;

crate::model! {
    /// How something is opened.
    pub(super) struct Lock {
        /// The kind of the lock.
        kind: String => required(),
        /// The secret.
        key_wo: String => optional().sensitive().write_only(),
    }
}

crate::model! {
    /// Something with secrets.
    pub(super) struct Safe {
        /// Name of the safe.
        name: String => required(),
        /// Secret at the top.
        code_wo: String => optional().sensitive().write_only(),
        /// The lock.
        lock: Lock => optional(),
        /// What the resource saw of the secrets.
        seen: u8 => computed(),
    }
}

/// Counts the secrets that it sees. `kept`: its answer has them.
struct Safes;

fn seen(safe: &Safe) -> u8 {
    let inner = safe.lock.get().is_some_and(|lock| lock.key_wo == Tf::Known("inner".to_owned()));
    u8::from(safe.code_wo == Tf::Known("outer".to_owned())) + u8::from(inner)
}

impl Resource for Safes {
    type Model = Safe;
    const TYPE: &'static str = "test_safe";

    fn validate(&self, _config: &Safe) -> Diagnostics {
        Diagnostics::new()
    }

    fn plan_create(&self, plan: &mut Plan<Safe>) -> Result<(), Diagnostics> {
        assert_eq!(seen(&plan.planned), 2);
        Ok(())
    }

    fn plan_update(&self, prior: &Safe, plan: &mut Plan<Safe>) -> Result<(), Diagnostics> {
        assert_eq!((seen(prior), seen(&plan.planned), seen(&plan.config)), (0, 0, 2));
        Ok(())
    }

    fn create(&self, apply: &mut Apply<Safe>) -> Result<(), Diagnostics> {
        apply.state.seen = seen(&apply.state).into();
        if apply.state.name == Tf::Known("broken".to_owned()) {
            apply.reached = Some(apply.state.clone());
            return Err(Diagnostic::error("Broken", "It is.").into());
        }
        Ok(())
    }

    fn update(&self, _prior: &Safe, apply: &mut Apply<Safe>) -> Result<(), Diagnostics> {
        assert_eq!((seen(&apply.state), seen(&apply.config)), (0, 2));
        Ok(())
    }

    fn delete(&self, _prior: &Safe, _stop: &Stop) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn read(&self, state: Safe, _warnings: &mut Diagnostics) -> Result<Option<Safe>, Diagnostics> {
        Ok(Some(state))
    }

    fn import(&self, _id: &str) -> Result<Safe, Diagnostics> {
        Ok(Safe::default())
    }
}

fn config(name: &str) -> Value {
    let lock = Value::Map([("kind".to_owned(), "key".into()), ("key_wo".to_owned(), "inner".into())].into());
    object::<Safe>(&[("name", name.into()), ("code_wo", "outer".into()), ("lock", lock)])
}

fn plan(prior: &Value, config: &Value) -> Value {
    let response = ErasedResource::plan(
        &Safes,
        PlanRequest {
            prior: prior.clone(),
            proposed: config.clone(),
            config: config.clone(),
            prior_private: Private::new(),
            first_plan: None,
            carries_private: false,
            committing: false,
        },
    );
    assert_eq!(response.diagnostics, Diagnostics::new());
    response.planned
}

fn apply(prior: &Value, planned: &Value, config: &Value) -> ApplyResponse {
    let (prior, planned, config) = (prior.clone(), planned.clone(), config.clone());
    let request = ApplyRequest { prior, planned, config, private: Private::new(), stop: Stop::default() };
    ErasedResource::apply(&Safes, request)
}

fn assert_without_secrets(value: &Value) {
    assert_eq!((value.entry("code_wo"), value.entry("lock").entry("key_wo")), (&Value::Null, &Value::Null));
    assert_eq!(value.entry("lock").entry("kind"), &"key".into());
}

#[test]
fn a_new_object_sees_its_secrets_and_no_plan_and_no_state_has_them() {
    let planned = plan(&Value::Null, &config("a"));
    assert_without_secrets(&planned);
    let applied = apply(&Value::Null, &planned, &config("a"));
    assert_eq!(applied.diagnostics, Diagnostics::new());
    assert_without_secrets(&applied.state);
    assert_eq!(applied.state.entry("seen"), &2.into());
    assert_eq!(plan(&applied.state, &config("a")), applied.state, "the next plan is empty");
    let renamed = plan(&applied.state, &config("b"));
    assert_without_secrets(&renamed);
    assert_without_secrets(&apply(&applied.state, &renamed, &config("b")).state);
}

#[test]
fn a_creation_that_fails_half_way_keeps_no_secret() {
    let planned = plan(&Value::Null, &config("broken"));
    let applied = apply(&Value::Null, &planned, &config("broken"));
    assert!(applied.diagnostics.has_error());
    assert_without_secrets(&applied.state);
}

#[test]
fn a_client_that_would_keep_secrets_is_refused_in_words_at_each() {
    let found = refuse_write_only(&Safe::block(), &config("a"));
    let found: Vec<_> = found.iter().map(|one| (one.summary.as_str(), one.detail.as_str())).collect();
    let [(outer, why), (inner, _)] = found[..] else { panic!("{found:?}") };
    assert_eq!((outer, inner), ("code_wo needs a newer release", "key_wo needs a newer release"));
    assert!(
        why.contains("Terraform 1.11 and OpenTofu 1.11") && why.contains("`code`") && !why.contains("outer"),
        "{why}"
    );
    let without = without_write_only(&Safe::block().attributes, &config("a"));
    assert_eq!(refuse_write_only(&Safe::block(), &without), Diagnostics::new());
}
