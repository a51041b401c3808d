//! boto3 as a client of the endpoint: the answers that it parses with its own model, and the errors that it gets.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};
use test_servers::Packages;

use super::endpoint::{Credentials, Endpoint, model};
use super::scene::text;

/// An account in a Region, used through boto3.
#[derive(Clone)]
pub(crate) struct Boto {
    service: &'static str,
    url: String,
    region: String,
    credentials: Credentials,
}

/// The error that a client gets instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
    /// HTTP status; 0 when there was no answer.
    pub(crate) status: u64,
}

/// One Python process for all tests of this process.
struct Python {
    _child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

fn ask_python(request: &Value) -> Value {
    static PYTHON: OnceLock<Mutex<Python>> = OnceLock::new();
    let start = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/acceptance-tests/aws/python/boto.py");
        let mut command = Packages::of(model::PACKAGES).command();
        let mut child = command
            .arg(script)
            // boto3 must not read the user's settings.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Mutex::new(Python { _child: child, requests, answers })
    };
    let mut python = PYTHON.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(python.requests, "{request}").expect("boto.py reads");
    let mut line = String::new();
    python.answers.read_line(&mut line).expect("boto.py answers");
    serde_json::from_str(&line).expect("boto.py answers in JSON")
}

impl Boto {
    pub(crate) fn new(endpoint: &Endpoint, account: &str, region: &str) -> Self {
        Self::with(endpoint, endpoint.credentials(account), region)
    }

    pub(crate) fn with(endpoint: &Endpoint, credentials: Credentials, region: &str) -> Self {
        Self { service: "ec2", url: endpoint.url(), region: region.to_owned(), credentials }
    }

    /// The same account as a client of STS.
    pub(crate) fn sts(&self) -> Self {
        Self { service: "sts", ..self.clone() }
    }

    /// The same account in another Region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// The same with another secret key.
    pub(crate) fn with_secret(&self, secret_key: &str) -> Self {
        let credentials = Credentials { secret_key: secret_key.to_owned(), ..self.credentials.clone() };
        Self { credentials, ..self.clone() }
    }

    fn ask(&self, op: &str, action: &str, arguments: Value) -> Result<Value, Refused> {
        let mut answer = ask_python(&json!({
            "op": op,
            "service": self.service,
            "action": action,
            "shape": action,
            "arguments": arguments,
            "url": self.url,
            "region": self.region,
            "access_key": self.credentials.access_key,
            "secret_key": self.credentials.secret_key,
            "session_token": self.credentials.session_token,
        }));
        match answer.get("error") {
            None => Ok(answer["answer"].take()),
            Some(error) => Err(Refused {
                code: error["Code"].as_str().unwrap().to_owned(),
                message: error["Message"].as_str().unwrap().to_owned(),
                status: error["Status"].as_u64().unwrap(),
            }),
        }
    }

    /// Makes one call (`create_ipam`). Returns the answer as boto3 parsed it.
    pub(crate) fn try_call(&self, action: &str, arguments: Value) -> Result<Value, Refused> {
        self.ask("call", action, arguments)
    }

    #[track_caller]
    pub(crate) fn call(&self, action: &str, arguments: Value) -> Value {
        self.try_call(action, arguments).unwrap_or_else(|refused| panic!("{action}: {refused:?}"))
    }

    /// Verifies that a call is refused with this code and these words in the message.
    #[track_caller]
    pub(crate) fn refused(&self, action: &str, arguments: Value, code: &str, words: &str) {
        match self.try_call(action, arguments) {
            Ok(answer) => panic!("{action} was not refused: {answer}"),
            Err(refused) => {
                assert_eq!(refused.code, code, "{action}: {}", refused.message);
                assert!(refused.message.contains(words), "{action}: {}", refused.message);
            }
        }
    }

    /// All pages that boto3's paginator returns.
    #[track_caller]
    pub(crate) fn pages(&self, action: &str, arguments: Value) -> Vec<Value> {
        let pages = self.ask("paginate", action, arguments).unwrap_or_else(|refused| panic!("{action}: {refused:?}"));
        pages.as_array().unwrap().clone()
    }

    /// Sends a signed form that boto3's own model would refuse. Returns the text of the answer.
    pub(crate) fn raw(&self, form: Value) -> String {
        text(&self.ask("raw", "", form).unwrap()[1])
    }

    /// The members that boto3's model knows for a structure.
    pub(crate) fn members(&self, shape: &str) -> Vec<String> {
        let names = self.ask("members", shape, json!({})).unwrap();
        names.as_array().unwrap().iter().map(text).collect()
    }
}
