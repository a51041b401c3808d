//! A refusal as a failure code of AWS IPAM and a sentence that names the action to take.

use std::error::Error as StdError;

use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;

use crate::ipam::discovery::types::{Failure, FailureCode};
use crate::ipam::{Error, Fault};

use super::super::response::Refusal;
use super::super::settings::Role;

/// The name of the service in errors.
const SERVICE: &str = "AWS";

/// Error codes of EC2 for throttling. The SDK has already retried the call when one of them is reported.
const THROTTLED: [&str; 8] = [
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Error codes of EC2 for missing permissions.
const UNAUTHORIZED: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "RequestExpired",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// Error codes of EC2 for valid credentials in a Region that the account has not enabled.
const NOT_ENABLED: [&str; 4] = ["AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"];

/// EC2 appends a text for `sts:DecodeAuthorizationMessage` that is different each time.
const ENCODED: &str = "Encoded authorization failure message";

/// An error of the scan as a whole.
pub(super) fn refused(action: &'static str, code: Option<&str>, message: String) -> Error {
    let code = code.map(str::to_owned);
    Error::Service(Box::new(Fault { service: SERVICE, action, code, message, request_id: None, space: None }))
}

/// The reason why a target could not be scanned. It omits the request ID, so that the same reason has the same text.
pub(super) fn of(refusal: &Refusal, account: &str, region: &str) -> Failure {
    let action = refusal.action();
    let Some(code) = refusal.code() else {
        let message = format!(
            "EC2 did not answer {action} for account {account} in {region}: {} Check the network, the endpoint and the name of the \
             Region.",
            sentence(refusal.message())
        );
        return Failure { code: FailureCode::Other, message: Some(message) };
    };
    let (failure, advice) = if THROTTLED.contains(&code) {
        let advice = "EC2 still refused it after all retries. Other clients use up the requests that EC2 allows this \
                      account: scan at another time or less often, or raise `max_retries` in the provider's `aws` \
                      block."
            .to_owned();
        (FailureCode::Throttling, advice)
    } else if NOT_ENABLED.contains(&code) {
        let advice = format!(
            "If the same credentials work in other Regions, account {account} has not enabled {region}: enable the \
             Region in the account, or remove it from the operating Regions."
        );
        (FailureCode::Unauthorized, advice)
    } else if UNAUTHORIZED.contains(&code) {
        let advice = format!(
            "Allow ec2:{action} in {region} for the identity that scans account {account}, or leave that kind of \
             resource out of the resource types."
        );
        (FailureCode::Unauthorized, advice)
    } else {
        (FailureCode::Other, "The next scan tries again.".to_owned())
    };
    let words = sentence(refusal.message());
    let message = format!("EC2 refused {action} for account {account} in {region} ({code}): {words} {advice}");
    Failure { code: failure, message: Some(message) }
}

/// The reason why a role could not be assumed.
pub(super) fn of_role(role: &Role, reason: &str) -> Failure {
    let arn = &role.role_arn;
    let message = format!(
        "AssumeRole of {arn} was refused: {} Check that the role exists, that its trust policy allows the identity \
         that scans, and that the external id is the one that the policy requires.",
        sentence(reason)
    );
    Failure { code: FailureCode::AssumeRole, message: Some(message) }
}

/// The message of STS, if there is one.
pub(super) fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<AssumeRoleError>() {
            let code = refused.code().unwrap_or("Unknown");
            return format!("{code}: {}", refused.message().unwrap_or("AWS gave no reason"));
        }
        cause = one.source();
    }
    DisplayErrorContext(error).to_string()
}

fn sentence(words: &str) -> String {
    let words = words.split(ENCODED).next().unwrap_or_default().trim();
    format!("{}.", words.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::super::super::response::fault;
    use super::*;

    #[test]
    fn refusals_have_the_failure_codes_of_aws_and_name_the_action_to_take() {
        for (code, failure, advice) in [
            ("RequestLimitExceeded", FailureCode::Throttling, "`max_retries`"),
            ("UnauthorizedOperation", FailureCode::Unauthorized, "Allow ec2:DescribeVpcs in eu-west-1"),
            ("AuthFailure", FailureCode::Unauthorized, "has not enabled eu-west-1"),
            ("OptInRequired", FailureCode::Unauthorized, "has not enabled eu-west-1"),
            ("InvalidNextToken", FailureCode::Other, "The next scan tries again."),
            ("InternalError", FailureCode::Other, "The next scan tries again."),
        ] {
            let found = of(
                &fault("DescribeVpcs", code, "No. Encoded authorization failure message: 3ab1"),
                "111122223333",
                "eu-west-1",
            );
            let message = found.message.unwrap();
            assert_eq!(found.code, failure, "{code}");
            let begin = format!("EC2 refused DescribeVpcs for account 111122223333 in eu-west-1 ({code}): No. ");
            assert!(message.starts_with(&begin) && message.contains(advice), "{message}");
            assert!(!message.contains("3ab1"), "{message}");
        }
    }
}
