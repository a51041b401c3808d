//! The texts for errors of a service, and for operations that it has not completed.

use super::words::{addresses, capital, occupants, pool, sentence};
use crate::ipam::{Fault, OnlyAws, OnlySelfManaged, Space, Unfinished, Unsupported};

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

/// The space of the pool, and the objects that have the rest of it.
fn there_is(space: &Space) -> String {
    let pool = capital(&pool(&space.pool_name, &space.pool_id));
    let mut text = match space.largest_free {
        None => format!(" {pool} has no free addresses."),
        Some(largest) => {
            format!(" {pool} has {} free; the largest free block is {largest}.", addresses(&space.free))
        }
    };
    if !space.holders.is_empty() {
        text.push_str(&format!(" The space is taken by:\n\n{}\n", occupants(&space.holders, space.more)));
    }
    text
}

/// The meaning of the error codes for choosing the account that administers IPAM for an organization.
fn about_administrator(action: &str, code: &str) -> Option<&'static str> {
    if !matches!(action, "EnableIpamOrganizationAdminAccount" | "DisableIpamOrganizationAdminAccount") {
        return None;
    }
    match code {
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => Some(
            "Only the management account of the organization can do this. Give the provider the credentials of that \
             account, with permission for this action and for reading the organization.",
        ),
        "InvalidParameterValue" => Some(
            "The account must be a member account of this organization, not the management account itself. No other \
             account may administer IPAM at the same time: remove that account as the administrator first.",
        ),
        "IpamOrganizationAccountNotRegistered" => {
            Some("That account does not administer IPAM: correct the id, or remove the resource from the state.")
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
        ) => "Check the credentials in the provider's `aws` block or in the environment, and their permissions.",
        Some("RequestLimitExceeded" | "EC2ThrottledException" | "Throttling") => {
            "The account makes more requests than AWS allows. Run again later, or raise `max_retries`."
        }
        Some(code) if code.ends_with("LimitExceeded") => {
            "Delete objects that you do not need, or request a higher quota from AWS."
        }
        Some(_) if about_space => "Ask for a smaller or another block, provision more space, or release allocations.",
        Some(_) => "Change the configuration accordingly, or correct it in AWS, and run again.",
    }
}

pub(super) fn unfinished(unfinished: &Unfinished) -> (String, String) {
    let Unfinished { word, resource, id, name, waits_for } = unfinished;
    (
        format!("AWS is still working on {word} {name:?}"),
        format!(
            "{} {name:?} ({id}) is not finished: {waits_for}. The time in `timeouts` has passed, or the run was \
             stopped. AWS continues by itself. Run again with more time in `timeouts`. If the object was being created \
             and is not in the Terraform state, import it first:\n\n  terraform import {resource}.NAME {id}",
            capital(word)
        ),
    )
}

pub(super) fn unsupported(what: Unsupported) -> (String, String) {
    match what {
        Unsupported::Events => (
            "AWS IPAM has no history".to_owned(),
            "AWS IPAM keeps no history of changes that the provider can read. Use AWS CloudTrail.".to_owned(),
        ),
        Unsupported::PublicScopes => (
            "AWS IPAM creates private scopes only".to_owned(),
            "Every IPAM has exactly one public scope, its default one. Use that scope (`data \"ipam_scope\"` with the \
             name \"default-public\"), or set `scope_type = \"private\"`."
                .to_owned(),
        ),
        Unsupported::Strategies => (
            "AWS IPAM chooses blocks by itself".to_owned(),
            "AWS decides which free block an allocation by size gets. Leave `allocation_strategy` out. To choose the \
             block yourself, set `cidr`."
                .to_owned(),
        ),
        Unsupported::NoLocale => (
            "The pool has no locale".to_owned(),
            "AWS IPAM allocates only from pools that have a `locale`, the Region where the addresses are used. Set \
             `locale` on this pool (this replaces the pool), or create a pool with a locale below it and allocate from \
             that pool."
                .to_owned(),
        ),
        Unsupported::Regrouping => (
            "AWS IPAM cannot merge or split the CIDRs of a pool".to_owned(),
            "AWS does not change a provisioned CIDR, and it refuses a CIDR that overlaps a provisioned one. Keep the \
             existing CIDRs of the pool in `cidrs`, add other CIDRs to them, and remove CIDRs that are empty."
                .to_owned(),
        ),
        Unsupported::OnlySelfManaged(what) => only_self_managed(what),
        Unsupported::OnlyAws(what) => only_aws(what),
        Unsupported::ReservedTag(tag) => (
            format!("The tag {tag:?} is reserved"),
            format!(
                "In AWS, the provider keeps its own data about an object in tags that are or begin with {tag:?}. The \
                 tag `Name` is the `name` of the object. Remove the tag from `tags` (and from the provider's \
                 `default_tags`), and set `name`."
            ),
        ),
    }
}

/// The alternative in AWS to a feature of self-managed stores.
fn only_self_managed(what: OnlySelfManaged) -> (String, String) {
    let (summary, instead) = match what {
        OnlySelfManaged::Scans => (
            "AWS IPAM scans by itself",
            "AWS IPAM looks for resources every few minutes, and a user cannot start a scan. Remove the action. To wait for \
             data that is recent enough, set `max_age` in a data source about discovered resources.",
        ),
        OnlySelfManaged::HoldRelease => (
            "AWS IPAM has no holds",
            "With this store, plans hold nothing, so that there is nothing to release. Remove the action.",
        ),
        OnlySelfManaged::ReservedSpace => (
            "AWS IPAM has no reserved space",
            "AWS decides which free block an allocation gets, and it knows no reserved addresses. Leave \
             `reserved_cidrs`, `reserve_first` and `reserve_last` out. To keep a block free, allocate it with \
             `ipam_allocation`.",
        ),
        OnlySelfManaged::CidrOrder => (
            "AWS IPAM fills the CIDRs of a pool in its own order",
            "AWS decides which free block an allocation by size gets, whatever CIDR it is in. Leave `cidr_priorities` and \
             `draining_cidrs` out. To choose the block yourself, set `cidr`.",
        ),
        OnlySelfManaged::Leases => (
            "AWS IPAM has no leases",
            "A lease ends by itself when its run dies. An allocation in AWS stays until it is released, so a run that dies \
             would leave it there. Use an `ipam_allocation`, which the same run can destroy, or lease from a pool \
             in a self-managed store.",
        ),
        OnlySelfManaged::Loans => (
            "AWS IPAM has no loans",
            "An allocation in AWS has no end. Leave `ttl` and `expires_at` out, and destroy the allocation when it is no \
             longer needed.",
        ),
        OnlySelfManaged::ReleaseProtection => (
            "AWS IPAM cannot prevent a release",
            "AWS releases an allocation whenever it is asked to. Leave `prevent_release` out. `prevent_destroy` in a \
             `lifecycle` block protects the resource from this configuration.",
        ),
        OnlySelfManaged::Quarantine => {
            ("AWS IPAM has no quarantine", "AWS gives released space out again at once. Leave `quarantine` out.")
        }
        OnlySelfManaged::AddressSets => (
            "AWS IPAM has no address sets",
            "An allocation in AWS IPAM is a block, and AWS keeps no single addresses in it. Leave the resource out, and \
             compute addresses from the CIDR with the function `cidr_at` or `cidrhost`.",
        ),
        OnlySelfManaged::DualStacks => (
            "AWS IPAM has no dual-stack allocations",
            "AWS makes each allocation by itself, so it cannot make both or none. Use two `ipam_allocation` resources.",
        ),
        OnlySelfManaged::AllocationSets => (
            "AWS IPAM has no allocation sets",
            "AWS makes each allocation by itself, so it cannot make all members of a set or none. Use one \
             `ipam_allocation` with `for_each` for the members.",
        ),
        OnlySelfManaged::PoolChoice => (
            "AWS IPAM does not choose a pool",
            "AWS allocates from one pool, and it has no transaction in which a pool with room could be chosen. Set \
             `ipam_pool_id`. The data source `ipam_pool` finds a pool by its tags.",
        ),
        OnlySelfManaged::PreferredCidr => (
            "AWS IPAM knows no preferred CIDR",
            "AWS allocates either one particular CIDR or any free CIDR of a size. Set `cidr` or `netmask_length` instead.",
        ),
    };
    (summary.to_owned(), instead.to_owned())
}

/// The alternative in a self-managed store.
fn only_aws(what: OnlyAws) -> (String, String) {
    let (summary, instead) = match what {
        OnlyAws::SourceResource => (
            "This store has no VPCs",
            "Only AWS IPAM plans the space of a VPC. In this store, leave `source_resource` out, set `cidrs` of the \
             pool to the CIDR of the VPC, and create pools below it for the subnets.",
        ),
        OnlyAws::PublicIpSource => (
            "This store has no Amazon-provided addresses",
            "Only AWS IPAM has Amazon-provided public space and verifies public space of your own. In this store, \
             leave `public_ip_source` out, put the pool into a public scope, and set its blocks in `cidrs`, or in \
             `ipam_pool_cidr` without a proof.",
        ),
        OnlyAws::AwsService => (
            "No AWS service takes addresses from this store",
            "`aws_service` is for pools of AWS IPAM. In this store, leave it out. `allocation_resource_tags` can \
             restrict which allocations the pool accepts.",
        ),
        OnlyAws::PubliclyAdvertisable => (
            "This store does not advertise addresses",
            "`publicly_advertisable` is for pools of AWS IPAM. In this store, leave it out, and record the fact in \
             `tags`.",
        ),
        OnlyAws::IpamId => (
            "This store has no IPAM objects",
            "The store itself corresponds to an IPAM in AWS. Leave `ipam_id` out. To keep scopes apart, use a second \
             provider block with another `store`.",
        ),
        OnlyAws::CidrProof => (
            "This store does not verify public blocks",
            "Only AWS IPAM verifies that a public block is yours. In this store, leave `cidr_authorization_context`, \
             `verification_method` and `ipam_external_resource_verification_token_id` out. A block that is in `cidrs` \
             of its pool needs no `ipam_pool_cidr`.",
        ),
    };
    (summary.to_owned(), instead.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_about_the_administrator_of_an_organization_have_their_own_words() {
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
            ("InvalidParameterValue", "The account must be a member account"),
            ("IpamOrganizationAccountNotRegistered", "does not administer IPAM"),
            ("RequestLimitExceeded", "more requests than AWS allows"),
        ] {
            let detail = told("EnableIpamOrganizationAdminAccount", code);
            assert!(detail.contains(says), "{code}: {detail}");
        }
        assert!(told("CreateIpamPool", "UnauthorizedOperation").contains("Check the credentials"));
    }
}
