//! Answers in XML.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::fault::Fault;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The answer `<CreateIpamResponse>` with the request's id and `members`; lists are elements of `<item>`, and null is
/// omitted.
pub(crate) fn answer(action: &str, request_id: &str, members: &Map<String, Value>) -> String {
    let mut text = format!("{HEAD}<{action}Response xmlns=\"{NAMESPACE}\">");
    element(&mut text, "requestId", &Value::from(request_id));
    children(&mut text, members);
    let _ = write!(text, "</{action}Response>");
    text
}

pub(crate) fn error(fault: &Fault, request_id: &str) -> String {
    let (code, message) = (escaped(&fault.code), escaped(&fault.message));
    format!(
        "{HEAD}<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{request_id}</RequestID></Response>"
    )
}

fn children(text: &mut String, members: &Map<String, Value>) {
    for (name, value) in members {
        element(text, name, value);
    }
}

fn element(text: &mut String, name: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let _ = write!(text, "<{name}>");
    match value {
        Value::Object(members) => children(text, members),
        Value::Array(items) => items.iter().for_each(|item| element(text, "item", item)),
        Value::String(word) => text.push_str(&escaped(word)),
        other => {
            let _ = write!(text, "{other}");
        }
    }
    let _ = write!(text, "</{name}>");
}

pub(crate) fn escaped(word: &str) -> String {
    word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}
