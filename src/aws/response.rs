//! Answers of AWS to calls, and their meaning.

use std::future::Future;

use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;

use crate::ipam::{Error, Fault, Space};

/// The name of the service.
const SERVICE: &str = "AWS IPAM";

/// A failed call.
#[derive(Debug)]
pub(super) struct Refusal {
    action: &'static str,
    /// The error code; `None` if there was no answer.
    code: Option<String>,
    message: String,
    request_id: Option<String>,
}

/// Makes a call.
pub(super) async fn ask<T, E>(
    action: &'static str,
    answer: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Refusal>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = answer.await;
    tracing::debug!(action, refused = answer.is_err(), "called AWS");
    answer.map_err(|error| Refusal::of(action, &error))
}

impl Refusal {
    fn of<E>(action: &'static str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let Some(service_error) = error.as_service_error() else {
            let message = DisplayErrorContext(error).to_string();
            return Self { action, code: None, message, request_id: None };
        };
        let meta = service_error.meta();
        Self {
            action,
            code: Some(meta.code().unwrap_or("Unknown").to_owned()),
            message: meta.message().unwrap_or("AWS gave no reason").to_owned(),
            request_id: meta.request_id().or_else(|| error.request_id()).map(str::to_owned),
        }
    }

    /// The action that was called.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    /// The error code; `None` if there was no answer.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The message of AWS.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the error has this code.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether the requested object does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.ends_with(".NotFound"))
    }

    /// Whether it is certain that AWS did nothing.
    pub(super) fn is_certain(&self) -> bool {
        self.code.is_some()
    }

    /// Whether the error has this code and its message contains these words.
    pub(super) fn says(&self, code: &str, words: &str) -> bool {
        self.is(code) && self.message.to_lowercase().contains(&words.to_lowercase())
    }

    /// The same refusal with more words for the reader.
    pub(super) fn adding(mut self, words: &str) -> Self {
        if !words.is_empty() {
            let end = if self.message.ends_with('.') { "" } else { "." };
            self.message = format!("{}{end} {words}", self.message);
        }
        self
    }

    /// The error, with the space of the pool that it is about.
    pub(super) fn about(self, space: Option<Space>) -> Error {
        let Self { action, code, message, request_id } = self;
        Error::Service(Box::new(Fault { service: SERVICE, action, code, message, request_id, space }))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.about(None)
    }
}

/// A refusal that was not the answer to a call: a failed state, or an answer that does not match the request.
pub(super) fn fault(action: &'static str, code: &str, message: impl Into<String>) -> Refusal {
    Refusal { action, code: Some(code.to_owned()), message: message.into(), request_id: None }
}

/// The objects that were found; empty if the object that should contain them does not exist.
pub(super) fn or_nothing<T>(answer: Result<Vec<T>, Refusal>) -> Result<Vec<T>, Refusal> {
    match answer {
        Err(refusal) if refusal.is_not_found() => Ok(Vec::new()),
        answer => answer,
    }
}

/// The requested object among those that were found. Another object is never returned in its place.
pub(super) fn the_one<T>(found: Vec<T>, id: &str, id_of: impl Fn(&T) -> Option<&str>) -> Result<Option<T>, Refusal> {
    let others = found.iter().filter(|one| id_of(one) != Some(id)).count();
    let one = found.into_iter().find(|one| id_of(one) == Some(id));
    if one.is_none() && others > 0 {
        return Err(fault(
            "Describe",
            "UnexpectedAnswer",
            format!("AWS was asked for {id} and answered with another object"),
        ));
    }
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types as ec2;

    /// Regression: a read that answered with another allocation overwrote the state.
    #[test]
    fn an_answer_about_another_object_is_never_taken_for_the_requested_one() {
        let raw = |id: &str| ec2::IpamPoolAllocation::builder().ipam_pool_allocation_id(id).build();
        let pick = |found: Vec<_>| the_one(found, "a", ec2::IpamPoolAllocation::ipam_pool_allocation_id);
        assert_eq!(pick(vec![raw("a")]).unwrap(), Some(raw("a")));
        assert_eq!(pick(vec![raw("b"), raw("a")]).unwrap(), Some(raw("a")));
        assert_eq!(pick(vec![]).unwrap(), None);
        let error = Error::from(pick(vec![raw("b")]).unwrap_err());
        assert!(
            matches!(&error, Error::Service(fault) if fault.message.contains("answered with another")),
            "{error:?}"
        );
    }
}
