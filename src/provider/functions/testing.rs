//! Calls functions in tests, with the checks that apply to all of them.

use super::all;
use super::arguments::Result;
use crate::tf::{Type, Value};

pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    Value::List(texts.into_iter().map(Value::from).collect())
}

/// Calls a function by its name. The answer must have the declared type.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value> {
    let functions = all();
    let function = functions.iter().find(|function| function.name() == name).expect("a function of that name");
    assert_eq!(function.signature().parameters.len(), arguments.len(), "arguments of {name}");
    let answer = function.call(arguments)?;
    assert!(is_of(&answer, &function.signature().returns), "{name} answered {answer:?}");
    Ok(answer)
}

pub(super) fn check(name: &str, arguments: &[Value], answer: impl Into<Value>) {
    assert_eq!(call(name, arguments), Ok(answer.into()), "{name} of {arguments:?}");
}

pub(super) fn check_error(name: &str, arguments: &[Value], position: usize, needle: &str) {
    let error = call(name, arguments).expect_err(name);
    assert_eq!(error.argument, Some(position), "{error:?}");
    assert!(error.text.contains(needle), "{}", error.text);
    assert!(error.text.ends_with('.'), "{} is not a sentence", error.text);
}

fn is_of(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Null, _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => true,
        (Value::List(items), Type::List(ty)) => items.iter().all(|item| is_of(item, ty)),
        (Value::Map(entries), Type::Object(types, _)) => {
            entries.keys().eq(types.keys()) && entries.iter().all(|(name, value)| is_of(value, &types[name]))
        }
        _ => false,
    }
}

#[test]
fn every_function_is_documented_with_an_example() {
    for function in all() {
        let (name, signature) = (function.name(), function.signature());
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert!(!signature.summary.is_empty() && !signature.summary.ends_with('.'), "summary of {name}");
        let example = format!("provider::ipam::{name}(");
        assert!(signature.description.contains("```terraform\n"), "{name} has no example");
        assert!(signature.description.contains(&example), "no example of {name} calls {name}");
        for parameter in &signature.parameters {
            assert!(parameter.description.ends_with('.'), "{} of {name}", parameter.name);
        }
    }
}

/// Examples have the form `provider::ipam::NAME(ARGUMENTS) # ANSWER`, or the answer on the next line. Literals of the
/// language are JSON.
#[test]
fn examples_give_the_answers_that_they_show() {
    let examples: Vec<_> = all().iter().flat_map(|function| examples(function.signature().description)).collect();
    assert!(examples.len() >= 15, "{} examples", examples.len());
    for (example, answer) in examples {
        let (name, rest) = example.split_once('(').unwrap();
        let (arguments, attribute) = rest.rsplit_once(')').unwrap();
        let Value::List(arguments) = literal(&format!("[{arguments}]")) else { panic!("{example}") };
        let given = call(name, &arguments).unwrap();
        let given = attribute.strip_prefix('.').map_or(&given, |attribute| given.entry(attribute));
        assert_eq!(given, &literal(&answer), "{example}");
    }
}

/// The calls, without the text before the name, and their answers.
fn examples(description: &str) -> Vec<(String, String)> {
    let joined = description.replace("\n# ", " # ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("provider::ipam::")?.split_once(" # "));
    lines.map(|(call, answer)| (call.trim().to_owned(), answer.to_owned())).collect()
}

fn literal(json: &str) -> Value {
    fn value(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Bool(truth) => (*truth).into(),
            serde_json::Value::Number(number) => Value::Number(number.to_string().parse().unwrap()),
            serde_json::Value::String(text) => text.as_str().into(),
            serde_json::Value::Array(items) => Value::List(items.iter().map(value).collect()),
            other => panic!("{other} in an example"),
        }
    }
    value(&serde_json::from_str(json).expect(json))
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = all().iter().map(|function| function.name()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Terraform never passes such arguments, but a panic would end the whole provider.
#[test]
fn wrong_arguments_are_errors_and_never_panics() {
    for function in all() {
        for value in [Value::Null, Value::Unknown, Value::Bool(true), Value::Map([].into())] {
            let count = function.signature().parameters.len();
            assert!(function.call(&vec![value; count]).is_err(), "{}", function.name());
        }
        assert!(function.call(&[]).is_err(), "{}", function.name());
    }
}
