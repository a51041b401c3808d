//! A refusal as AWS IPAM's failure code and a sentence that says what to do.

use std::error::Error;

use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;

use crate::ipam::seen::{Failure, FailureCode};

use super::super::said::Refusal;
use super::super::settings::Role;

/// EC2's words for "later"; the SDK has tried again by itself before one of these comes here.
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

/// EC2's words for "you may not".
const UNAUTHORIZED: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "RequestExpired",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// What EC2 says of credentials that are good elsewhere, in a Region that the account has not enabled.
const NOT_ENABLED: [&str; 4] = ["AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"];

/// EC2 appends a text for `sts:DecodeAuthorizationMessage` that is another one each time.
const ENCODED: &str = "Encoded authorization failure message";

/// Why a place could not be looked at. Without the id of the request, so that the same reason is the same text.
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

/// Why a role was not taken on.
pub(super) fn of_role(role: &Role, reason: &str) -> Failure {
    let arn = &role.role_arn;
    let message = format!(
        "AssumeRole of {arn} was refused: {} Check that the role exists, that its trust policy allows the identity \
         that scans, and that the external id is the one that the policy requires.",
        sentence(reason)
    );
    Failure { code: FailureCode::AssumeRole, message: Some(message) }
}

/// STS's own words where there are some.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
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
    use super::super::super::said::fault;
    use super::*;

    #[test]
    fn refusals_have_awss_failure_codes_and_say_what_to_do() {
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
