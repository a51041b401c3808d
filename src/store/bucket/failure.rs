//! Classifies the errors of requests by what the caller can conclude from them, and describes them with advice.

use std::error::Error as StdError;
use std::io;

use object_store::client::{HttpError, HttpErrorKind};

use super::location::{Kind, StoreLocation};
use crate::store::Error;

/// The reason why a request failed.
#[derive(Debug)]
pub(super) enum RequestFailure {
    /// There is no such object.
    Absent,
    /// The object exists already, or is being created at this moment.
    Exists,
    /// These credentials, or this user, do not have the right.
    Denied(String),
    /// The request can be repeated. `sent`: the server may have carried it out.
    Transient { sent: bool, words: String },
    /// The request cannot be repeated.
    Final { sent: bool, error: Error },
}

/// The answer of a server, as far as it can be read from an error.
struct ErrorBody {
    status: u16,
    /// The code in the body: `NoSuchBucket`.
    code: String,
    /// The sentence in the body.
    message: String,
}

/// The text before the status code in an error; the library does not offer another way to read it.
const STATUS: &str = "status code: ";

/// The hosts that give credentials to machines of a cloud.
const METADATA_HOSTS: [&str; 4] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal", "[fd00:ec2::254]"];

impl ErrorBody {
    fn of(error: &object_store::Error) -> Option<Self> {
        let text = chain(error).last()?.to_string();
        let after = &text[text.find(STATUS)? + STATUS.len()..];
        let status = after.get(..3)?.parse().ok()?;
        let code = element(after, "Code").or_else(|| quoted(after, "reason")).unwrap_or_default();
        let message = element(after, "Message").or_else(|| quoted(after, "message")).unwrap_or_default();
        Some(Self { status, code, message })
    }

    fn words(&self) -> String {
        let Self { status, code, message } = self;
        let words = [code.as_str(), message.as_str()].into_iter().filter(|text| !text.is_empty());
        let words = words.collect::<Vec<_>>().join(": ");
        if words.is_empty() { format!("status {status}") } else { format!("status {status}, {words}") }
    }
}

/// An error and its causes.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The text of an XML element, shortened for messages.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.lines().next().unwrap_or("").chars().take(200).collect())
}

/// The text of a member of a JSON object, shortened.
fn quoted(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(rest.split('"').next().unwrap_or("").chars().take(200).collect())
}

impl RequestFailure {
    pub(super) fn of(error: &object_store::Error, location: &StoreLocation) -> Self {
        if let Some(io) = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>())
            && location.kind == Kind::File
        {
            return Self::of_file(error, io, location);
        }
        if is_about_credentials(error) {
            return Self::Final { sent: false, error: no_credentials(location) };
        }
        if let Some(error_body) = error_body(error) {
            return Self::of_answer(&error_body, error, location);
        }
        if let Some(http) = chain(error).find_map(|cause| cause.downcast_ref::<HttpError>()) {
            let root = chain(http).last().map(ToString::to_string).unwrap_or_default();
            let sent = http.kind() != HttpErrorKind::Connect;
            return Self::Transient { sent, words: format!("{} cannot be reached: {root}", location.describe()) };
        }
        match error {
            object_store::Error::NotFound { .. } => Self::Absent,
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => Self::Exists,
            object_store::Error::PermissionDenied { .. } => Self::Denied(location.describe()),
            _ => {
                let root = chain(error).last().map(ToString::to_string).unwrap_or_default();
                let error = Error::Unavailable(format!("{}: {root}", location.describe()));
                Self::Final { sent: true, error }
            }
        }
    }

    /// The failure of a request that was not answered in time.
    pub(super) fn timeout(location: &StoreLocation) -> Self {
        Self::Transient { sent: true, words: format!("{} did not answer in time", location.describe()) }
    }

    fn of_answer(error_body: &ErrorBody, error: &object_store::Error, location: &StoreLocation) -> Self {
        let words = error_body.words();
        let unavailable = |why: String| Self::Final { sent: false, error: Error::Unavailable(why) };
        let at = location.describe();
        match (error_body.status, error_body.code.as_str()) {
            (_, "NoSuchBucket" | "ContainerNotFound" | "AccountNotFound") => unavailable(no_bucket(location)),
            (404, _) if error_body.message.contains("bucket does not exist") => unavailable(no_bucket(location)),
            (301 | 302 | 307 | 308, _) | (_, "PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                unavailable(wrong_region(location, &words))
            }
            (_, "RequestTimeTooSkewed" | "RequestExpired") => unavailable(format!(
                "{at} refuses requests because the clock of this machine is wrong: set it by NTP ({words})"
            )),
            (_, "ExpiredToken" | "TokenRefreshRequired") => {
                unavailable(format!("the credentials for {at} have expired: get new ones ({words})"))
            }
            (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "AuthenticationFailed")
            | (401, _) => unavailable(format!("{at} does not know these credentials: {}", which_credentials(location))),
            (_, "NotImplemented") | (501, _) => unavailable(unsupported(location)),
            (404, _) => Self::Absent,
            (409 | 412, _) | (304, _) => Self::Exists,
            (403, _) => Self::Denied(format!("{at} ({words})")),
            (408 | 429 | 500..=599, _) => Self::Transient { sent: true, words: format!("{at} answers with {words}") },
            (200..=299, _) => Self::Transient { sent: true, words: format!("{at} answers with an error: {words}") },
            _ if matches!(error, object_store::Error::AlreadyExists { .. }) => Self::Exists,
            _ => unavailable(format!("{at} answers with {words}")),
        }
    }

    fn of_file(error: &object_store::Error, io: &io::Error, location: &StoreLocation) -> Self {
        use io::ErrorKind as E;
        let at = location.describe();
        match (error, io.kind()) {
            (object_store::Error::NotFound { .. }, _) | (_, E::NotFound) => Self::Absent,
            (object_store::Error::AlreadyExists { .. }, _) => Self::Exists,
            (_, E::PermissionDenied | E::ReadOnlyFilesystem) => Self::Denied(format!("{at}: {io}")),
            (_, E::StorageFull | E::QuotaExceeded) => {
                Self::Final { sent: true, error: Error::Unavailable(format!("the disk is full: {at}")) }
            }
            (_, E::NotADirectory) => Self::Final {
                sent: false,
                error: Error::Unavailable(format!("{at}: a part of its path is a file, not a directory")),
            },
            (_, E::Unsupported) => {
                let why = "this file system has no hard links, which keep two writers apart";
                Self::Final { sent: false, error: Error::Unavailable(format!("{at}: {why}")) }
            }
            _ => Self::Final { sent: true, error: Error::Unavailable(format!("{at}: {io}")) },
        }
    }

    /// The error of a read.
    pub(super) fn into_read_error(self, location: &StoreLocation) -> Error {
        match self {
            Self::Absent => Error::Unavailable(format!("{} lost an object while it was read", location.describe())),
            Self::Exists => Error::Unavailable(format!("{} answers with a conflict", location.describe())),
            Self::Denied(words) => {
                Error::Unavailable(format!("reading is not allowed: {words}. {}", to_read(location)))
            }
            Self::Transient { words, .. } => Error::Unavailable(words),
            Self::Final { error, .. } => error,
        }
    }

    /// The error of a write that certainly did not happen.
    pub(super) fn into_write_error(self, location: &StoreLocation) -> Error {
        match self {
            Self::Denied(words) => Error::ReadOnly(format!("writing is not allowed: {words}. {}", to_write(location))),
            other => other.into_read_error(location),
        }
    }

    /// The description of a write with an unknown outcome.
    pub(super) fn into_words(self, location: &StoreLocation) -> String {
        match self.into_write_error(location) {
            Error::Unavailable(words) | Error::ReadOnly(words) => words,
            other => other.to_string(),
        }
    }
}

/// A redirect without a target has no status in its text; S3 answers with one in the wrong region.
fn error_body(error: &object_store::Error) -> Option<ErrorBody> {
    let root = chain(error).last()?.to_string();
    if root.contains("redirect without LOCATION") {
        return Some(ErrorBody { status: 301, code: "PermanentRedirect".to_owned(), message: String::new() });
    }
    ErrorBody::of(error)
}

/// Whether the request did not go to the bucket, but to the host that gives credentials to a machine of a cloud.
fn is_about_credentials(error: &object_store::Error) -> bool {
    chain(error).any(|cause| {
        let text = cause.to_string();
        METADATA_HOSTS.iter().any(|host| text.contains(&format!("//{host}")))
    })
}

pub(super) fn no_credentials(location: &StoreLocation) -> Error {
    let looked = match location.kind {
        Kind::S3 => {
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile in ~/.aws (AWS_PROFILE), web identity \
             (AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN), the container's role, and the role of an EC2 instance"
        }
        Kind::Gs => {
            "GOOGLE_APPLICATION_CREDENTIALS, the login of gcloud (gcloud auth application-default login), and the \
             service account of a machine in Google Cloud"
        }
        Kind::Az => {
            "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, a service principal (AZURE_CLIENT_ID, \
             AZURE_CLIENT_SECRET, AZURE_TENANT_ID), a federated token (AZURE_FEDERATED_TOKEN_FILE), and managed identity"
        }
        Kind::File => "the permissions of the directory",
    };
    Error::Unavailable(format!(
        "no credentials were found for {}. The provider looked for {looked}",
        location.describe()
    ))
}

fn which_credentials(location: &StoreLocation) -> &'static str {
    match location.kind {
        Kind::S3 => "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile",
        Kind::Gs => "check GOOGLE_APPLICATION_CREDENTIALS",
        Kind::Az => "check the account's key, the token or the service principal, and the name of the account",
        Kind::File => "check the owner of the directory",
    }
}

fn no_bucket(location: &StoreLocation) -> String {
    let word = if location.kind == Kind::Az { "container" } else { "bucket" };
    format!("the {word} {} does not exist: create it, or check its name, the account and the region", location.bucket)
}

fn wrong_region(location: &StoreLocation, words: &str) -> String {
    format!(
        "the bucket {} is in another region: set AWS_REGION, or \"?region=...\" in the URL, to the region of the bucket \
         ({words})",
        location.bucket
    )
}

pub(super) fn unsupported(location: &StoreLocation) -> String {
    format!(
        "{} overwrites an object that should only be created (If-None-Match: *), so two writers could take the same \
         addresses. Use a store that honours conditional writes: Amazon S3, Google Cloud Storage, Azure Blob Storage, \
         or a current MinIO, Ceph or R2",
        location.describe()
    )
}

fn to_read(location: &StoreLocation) -> &'static str {
    match location.kind {
        Kind::S3 => "Grant s3:GetObject on the objects and s3:ListBucket on the bucket",
        Kind::Gs => "Grant storage.objects.get and storage.objects.list (role Storage Object Viewer)",
        Kind::Az => "Grant the role Storage Blob Data Reader",
        Kind::File => "Grant this user read and execute permission on the directory",
    }
}

fn to_write(location: &StoreLocation) -> &'static str {
    match location.kind {
        Kind::S3 => "To write, grant s3:PutObject (and the use of the KMS key, if there is one)",
        Kind::Gs => "To write, grant storage.objects.create (role Storage Object User)",
        Kind::Az => "To write, grant the role Storage Blob Data Contributor",
        Kind::File => "To write, grant this user write permission on the directory",
    }
}
