//! Calls for functions. Their errors are not diagnostics: they name an argument by its number.

use super::catalog::Catalog;
use super::value;
use super::wire::{DynamicValue, FunctionError as WireError, call_function, get_functions};
use crate::tf::{Diagnostics, FunctionError, Parameter, Signature, Value};

pub(super) fn list(catalog: &Catalog, _: &get_functions::Request) -> Result<get_functions::Response, Diagnostics> {
    Ok(get_functions::Response { functions: catalog.schemas.functions.clone(), ..Default::default() })
}

pub(super) fn call(
    catalog: &Catalog,
    request: &call_function::Request,
) -> Result<call_function::Response, Diagnostics> {
    Ok(match answer(catalog, request) {
        Ok(result) => call_function::Response { result: Some(result), error: None },
        Err(error) => call_function::Response { result: None, error: Some(to_wire(error)) },
    })
}

fn answer(catalog: &Catalog, request: &call_function::Request) -> Result<DynamicValue, FunctionError> {
    let (function, signature) = catalog
        .function(&request.name)
        .ok_or_else(|| general(format!("This provider has no function {:?}.", request.name)))?;
    let arguments = arguments(signature, &request.arguments)?;
    let result = if arguments.iter().all(Value::is_wholly_known) {
        function.call(&arguments)?
    } else {
        // Terraform never passes unknown arguments. The result of such a call would be unknown.
        Value::Unknown
    };
    value::encode(&result, &signature.returns).map_err(first_sentence)
}

fn arguments(signature: &Signature, values: &[DynamicValue]) -> Result<Vec<Value>, FunctionError> {
    let fixed = signature.parameters.len();
    let too_many = signature.variadic.is_none() && values.len() > fixed;
    if values.len() < fixed || too_many {
        return Err(general(format!("{fixed} arguments are needed, and {} are given.", values.len())));
    }
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    parameters
        .zip(values)
        .enumerate()
        .map(|(position, (parameter, value))| argument(position, parameter, value))
        .collect()
}

fn argument(position: usize, parameter: &Parameter, value: &DynamicValue) -> Result<Value, FunctionError> {
    let decoded = value::decode(Some(value), &parameter.ty, &format!("argument {}", parameter.name))
        .map_err(|errors| FunctionError { argument: Some(position), ..first_sentence(errors) })?;
    if decoded.is_null() && !parameter.allow_null {
        return Err(FunctionError { text: format!("{} may not be null.", parameter.name), argument: Some(position) });
    }
    Ok(decoded)
}

fn general(text: String) -> FunctionError {
    FunctionError { text, argument: None }
}

fn first_sentence(errors: Diagnostics) -> FunctionError {
    general(errors.into_iter().next().map_or_else(|| "Unknown error.".to_owned(), |error| error.detail))
}

pub(super) fn to_wire(error: FunctionError) -> WireError {
    let function_argument = error.argument.and_then(|position| i64::try_from(position).ok());
    // Terraform adds a full stop.
    let text = error.text.strip_suffix('.').map_or_else(|| error.text.clone(), str::to_owned);
    WireError { text, function_argument }
}
