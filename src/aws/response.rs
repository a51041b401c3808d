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
