//! Sentences for what a service said, or has not done yet.

use crate::ipam::{Fault, OnlyAws, Space, Unfinished, Unsupported};

use super::{addresses, capital, occupants, pool, sentence};

pub(super) fn refused(fault: &Fault) -> (String, String) {
    let Fault { service, action, code, message, request_id, space } = fault;
    let summary = match code {
        Some(code) => format!("{service} refused {action}: {code}"),
        None => format!("{service} did not answer {action}"),
    };
    let request = request_id.as_ref().map(|id| format!(" (Request id {id}.)")).unwrap_or_default();
    let there_is = space.as_ref().map(there_is).unwrap_or_default();
    let advice = code.as_deref().and_then(|code| about_administrator(action, code));
    let advice = advice.unwrap_or_else(|| self::advice(code.as_deref(), space.is_some()));
    (summary, format!("{}{request}{there_is} {advice}", sentence(message)))
}

/// What the pool has, and who has the rest.
fn there_is(space: &Space) -> String {
    let pool = capital(&pool(&space.pool_name, &space.pool_id));
    let mut text = match space.largest_free {
        None => format!(" {pool} has nothing free."),
        Some(largest) => {
            format!(" {pool} has {} free; the largest free block is {largest}.", addresses(&space.free))
        }
    };
    if !space.holders.is_empty() {
        text.push_str(&format!(" Taken by:\n\n{}\n", occupants(&space.holders, space.more)));
    }
    text
}

/// What the codes mean when an organization chooses who administers IPAM.
fn about_administrator(action: &str, code: &str) -> Option<&'static str> {
    if !matches!(action, "EnableIpamOrganizationAdminAccount" | "DisableIpamOrganizationAdminAccount") {
        return None;
    }
    match code {
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => Some(
            "Only the management account of the organization chooses: give the provider its credentials, with the right \
             to do this and to read the organization.",
        ),
        "InvalidParameterValue" => Some(
            "It must be a member account of this organization, not the management account itself, and no other account \
             may administer IPAM at the time: take that one back first.",
        ),
        "IpamOrganizationAccountNotRegistered" => {
            Some("That account does not administer IPAM: correct the id, or take the resource out of the state.")
        }
        _ => None,
    }
}

fn advice(code: Option<&str>, about_space: bool) -> &'static str {
    match code {
        None => "It is not known whether anything was changed. Check the network and the endpoint, then run again.",
        Some(
            "UnauthorizedOperation"
            | "AuthFailure"
            | "SignatureDoesNotMatch"
            | "AccessDenied"
            | "InvalidClientTokenId"
            | "ExpiredToken",
        ) => "Check the credentials in the provider's `aws` block or in the environment, and what they may do.",
        Some("RequestLimitExceeded" | "EC2ThrottledException" | "Throttling") => {
            "The account makes more requests than AWS allows just now. Run again later, or raise `max_retries`."
        }
        Some(code) if code.ends_with("LimitExceeded") => "Delete what is not needed, or ask AWS for a higher quota.",
        Some(_) if about_space => "Ask for a smaller or another block, provision more space, or release allocations.",
        Some(_) => "Change the configuration accordingly, or correct it in AWS, and run again.",
    }
}

pub(super) fn unfinished(unfinished: &Unfinished) -> (String, String) {
    let Unfinished { word, resource, id, name, waits_for } = unfinished;
    (
        format!("AWS is not done with {word} {name:?}"),
        format!(
            "{} {name:?} ({id}) waits: {waits_for}. The time in `timeouts` is over, or the run was stopped; AWS goes on \
             by itself. Run again, with more time in `timeouts`. If it was being made and is in no state, bring it in \
             first:\n\n  terraform import {resource}.NAME {id}",
            capital(word)
        ),
    )
}

pub(super) fn unsupported(what: Unsupported) -> (String, String) {
    match what {
        Unsupported::Holds => (
            "Plans hold nothing here".to_owned(),
            "AWS IPAM cannot reserve space for a plan. Set `plan_hold = \"0s\"`.".to_owned(),
        ),
        Unsupported::Events => (
            "There is no history here".to_owned(),
            "AWS IPAM keeps no history of changes that can be read back. Look into AWS CloudTrail.".to_owned(),
        ),
        Unsupported::PublicScopes => (
            "AWS IPAM makes private scopes only".to_owned(),
            "Every IPAM has exactly one public scope, its default one. Use that one (`data \"ipam_scope\"` with the name \
             \"default-public\"), or `scope_type = \"private\"`."
                .to_owned(),
        ),
        Unsupported::Strategies => (
            "AWS IPAM chooses blocks by itself".to_owned(),
            "Which free block an allocation by size gets is decided by AWS. Leave `allocation_strategy` out; for a block of \
             your own choice give `cidr`."
                .to_owned(),
        ),
        Unsupported::NoLocale => (
            "The pool has no locale".to_owned(),
            "AWS IPAM allocates only from pools that have a `locale`, the Region where the addresses are used. Give this pool \
             one (that replaces it), or make a pool with a locale below it and allocate from that."
                .to_owned(),
        ),
        Unsupported::Regrouping => (
            "AWS IPAM cannot merge or split the CIDRs of a pool".to_owned(),
            "A CIDR that is provisioned stays as it is until it is taken away, and one that overlaps it is refused. Keep the \
             CIDRs that the pool has in `cidrs`, add others beside them, and take away what is empty."
                .to_owned(),
        ),
        Unsupported::OnlyAws(what) => only_aws(what),
        Unsupported::ReservedTag(tag) => (
            format!("The tag {tag:?} is not free"),
            format!(
                "In AWS, tags that are or begin with {tag:?} hold what the provider knows of an object: the tag `Name` is its \
                 `name`. Take it out of `tags` (and out of the provider's `default_tags`), and set `name`."
            ),
        ),
    }
}

/// What to use instead in a store of one's own.
fn only_aws(what: OnlyAws) -> (String, String) {
    let (summary, instead) = match what {
        OnlyAws::SourceResource => (
            "This store knows no VPCs",
            "AWS IPAM plans the space of a VPC that it sees. Here, leave `source_resource` out, give the pool the VPC's block \
             in `cidrs`, and make pools for its subnets below.",
        ),
        OnlyAws::PublicIpSource => (
            "This store gives no public addresses",
            "Amazon's space and the proof for one's own are matters of AWS IPAM. Here, leave `public_ip_source` out, put \
             the pool into a public scope, and give its blocks in `cidrs`, or in `ipam_pool_cidr` without a proof.",
        ),
        OnlyAws::AwsService => (
            "No AWS service takes addresses from this store",
            "`aws_service` is for pools of AWS IPAM. Here, leave it out; `allocation_resource_tags` say what an allocation \
             must be for.",
        ),
        OnlyAws::PubliclyAdvertisable => (
            "This store advertises nothing",
            "`publicly_advertisable` is for pools of AWS IPAM. Here, leave it out, and keep the fact in `tags`.",
        ),
        OnlyAws::IpamId => (
            "This store has no IPAM objects",
            "The store itself is what an IPAM is in AWS. Leave `ipam_id` out; a second provider block with another `store` \
             keeps scopes apart.",
        ),
        OnlyAws::CidrProof => (
            "This store asks for no proof",
            "AWS wants to know that a public block is yours. Here, leave `cidr_authorization_context`, \
             `verification_method` and `ipam_external_resource_verification_token_id` out. A block that is in `cidrs` of its \
             pool needs no `ipam_pool_cidr` at all.",
        ),
    };
    (summary.to_owned(), instead.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_about_the_administrator_of_an_organization_have_words_of_their_own() {
        let told = |action: &'static str, code: &str| {
            let fault = Fault {
                service: "AWS IPAM",
                action,
                code: Some(code.to_owned()),
                message: "no".to_owned(),
                request_id: None,
                space: None,
            };
            refused(&fault).1
        };
        for (code, says) in [
            ("UnauthorizedOperation", "Only the management account"),
            ("AccessDenied", "Only the management account"),
            ("InvalidParameterValue", "It must be a member account"),
            ("IpamOrganizationAccountNotRegistered", "does not administer IPAM"),
            ("RequestLimitExceeded", "more requests than AWS allows"),
        ] {
            let detail = told("EnableIpamOrganizationAdminAccount", code);
            assert!(detail.contains(says), "{code}: {detail}");
        }
        assert!(told("CreateIpamPool", "UnauthorizedOperation").contains("Check the credentials"));
    }
}
