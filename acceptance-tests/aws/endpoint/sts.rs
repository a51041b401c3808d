//! The part of STS that clients need to get credentials for an account: roles, and the identity of a caller.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::fault::{Fault, Result};
use super::signature::Signed;
use super::world::{Call, Credentials, World, dice};
use super::xml::escaped;

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Seconds for which the keys of a role are valid, if the request asks for no other time.
const LIFE: i64 = 3600;

type Form = BTreeMap<String, String>;

/// Status and text of the answer to a request for STS; `None` if the request is for another service.
pub(super) fn answer(world: &mut World, request: &Signed, request_id: &str) -> Option<(u16, String)> {
    let form: Form = form_urlencoded::parse(&request.body).into_owned().collect();
    if form.get("Version").is_none_or(|version| version != VERSION) {
        return None;
    }
    let action = form.get("Action").cloned().unwrap_or_default();
    Some(match respond(world, request, request_id, &action, &form) {
        Ok(result) => {
            let text = format!(
                "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result><ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            );
            (200, text)
        }
        Err(fault) => {
            let text = format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message>\
                 </Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                escaped(&fault.code),
                escaped(&fault.message)
            );
            (fault.status, text)
        }
    })
}

fn respond(world: &mut World, request: &Signed, request_id: &str, action: &str, form: &Form) -> Result<String> {
    // A caller with a token of another identity provider has no key yet.
    let (region, account) = match action {
        "AssumeRoleWithWebIdentity" => (String::new(), String::new()),
        _ => {
            let (claim, account) = super::authenticate(world, request, "sts")?;
            (claim.region, account)
        }
    };
    let result = match action {
        "GetCallerIdentity" => Ok(identity(&account)),
        "AssumeRole" => assume(world, form),
        "AssumeRoleWithWebIdentity" if form.contains_key("WebIdentityToken") => assume(world, form),
        _ => Err(Fault::new("InvalidAction", format!("The action {action} is not valid for this endpoint."))),
    };
    let parameters: Map<String, Value> =
        form.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let error = result.as_ref().err().map(|fault| fault.code.clone());
    world.calls.push(Call {
        action: action.to_owned(),
        region,
        account,
        parameters,
        request_id: request_id.to_owned(),
        error,
    });
    result
}

fn identity(account: &str) -> String {
    format!("<Arn>arn:aws:iam::{account}:user/test</Arn><UserId>AIDATEST</UserId><Account>{account}</Account>")
}

/// Answers with keys of the account that the role is in.
fn assume(world: &mut World, form: &Form) -> Result<String> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (role, session) = (field("RoleArn"), field("RoleSessionName"));
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let ["arn", "aws", "iam", "", account, name] = parts[..] else {
        return Err(Fault::new("ValidationError", format!("'{role}' is not the ARN of a role.")));
    };
    if session.is_empty() {
        return Err(Fault::new("ValidationError", "The request must contain a RoleSessionName."));
    }
    if world.closed_roles.contains(role) {
        let message = format!("The caller is not authorized to assume {role}.");
        return Err(Fault::new("AccessDenied", message).with_status(403));
    }
    let seconds = field("DurationSeconds").parse().unwrap_or(LIFE);
    let expires = Timestamp::now() + SignedDuration::from_secs(seconds);
    let key = format!("ASIA{:016X}", dice(&mut world.seed));
    let secret = format!("{:016x}{:016x}", dice(&mut world.seed), dice(&mut world.seed));
    let token = format!("{:016x}{:016x}", dice(&mut world.seed), dice(&mut world.seed));
    let name = name.trim_start_matches("role/");
    let text = format!(
        "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}\
         </SessionToken><Expiration>{expires:.0}</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::{account}:\
         assumed-role/{name}/{session}</Arn><AssumedRoleId>AROATEST:{session}</AssumedRoleId></AssumedRoleUser>",
        name = escaped(name),
        session = escaped(session)
    );
    let credentials = Credentials { access_key: key.clone(), secret_key: secret, session_token: Some(token) };
    world.accounts.insert(key, (account.to_owned(), credentials));
    Ok(text)
}
