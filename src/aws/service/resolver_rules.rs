//! Rules of resolvers, in AWS's form and ours.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{Condition, Property, ResolverRule, RuleType};
use crate::ipam::{Error, Result};

use super::super::convert::{cidr, need};
use super::super::said::fault;

/// Rules are replaced whole: one that is not understood may not get lost.
fn unheard_of(why: String) -> Error {
    fault("GetIpamPrefixListResolverRules", "UnexpectedAnswer", why).into()
}

fn word<T: std::str::FromStr<Err = String>>(word: Option<&str>, what: &'static str) -> Result<T> {
    need(word, what)?.parse().map_err(unheard_of)
}

pub(super) fn rule(found: &ec2::IpamPrefixListResolverRule) -> Result<ResolverRule> {
    let scope_id = || Ok::<_, Error>(need(found.ipam_scope_id(), "scope of a rule")?.to_owned());
    let conditions = || found.conditions().iter().map(condition).collect::<Result<Vec<_>>>();
    Ok(match word::<RuleType>(found.rule_type().map(|it| it.as_str()), "type of a rule")? {
        RuleType::StaticCidr => ResolverRule::Static(cidr(found.static_cidr())?),
        RuleType::IpamPoolCidr => ResolverRule::Pool { scope_id: scope_id()?, conditions: conditions()? },
        RuleType::IpamResourceCidr => ResolverRule::Resource {
            scope_id: scope_id()?,
            resource: word(found.resource_type().map(|it| it.as_str()), "resource type of a rule")?,
            conditions: conditions()?,
        },
    })
}

fn condition(found: &ec2::IpamPrefixListResolverRuleCondition) -> Result<Condition> {
    let operation = word(found.operation().map(|it| it.as_str()), "operation of a condition")?;
    let tag = |tag: &ec2::IpamResourceTag| {
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        Property::ResourceTag(text(tag.key()), text(tag.value()))
    };
    let block = match found.cidr() {
        Some(_) => Some(Property::Cidr(cidr(found.cidr())?)),
        None => None,
    };
    let property = [
        found.ipam_pool_id().map(|id| Property::IpamPoolId(id.to_owned())),
        found.resource_id().map(|id| Property::ResourceId(id.to_owned())),
        found.resource_owner().map(|owner| Property::ResourceOwner(owner.to_owned())),
        found.resource_region().map(|region| Property::ResourceRegion(region.to_owned())),
        found.resource_tag().map(tag),
        block,
    ];
    let property = need(property.into_iter().flatten().next(), "property of a condition")?;
    Ok(Condition { operation, property })
}

pub(super) fn rule_request(rule: &ResolverRule) -> ec2::IpamPrefixListResolverRuleRequest {
    let request = ec2::IpamPrefixListResolverRuleRequest::builder();
    let of_type = |rule_type: RuleType| ec2::IpamPrefixListResolverRuleType::from(rule_type.to_string().as_str());
    let requests = |conditions: &[Condition]| Some(conditions.iter().map(condition_request).collect());
    match rule {
        ResolverRule::Static(cidr) => request.rule_type(of_type(RuleType::StaticCidr)).static_cidr(cidr.to_string()),
        ResolverRule::Pool { scope_id, conditions } => request
            .rule_type(of_type(RuleType::IpamPoolCidr))
            .ipam_scope_id(scope_id)
            .set_conditions(requests(conditions)),
        ResolverRule::Resource { scope_id, resource, conditions } => request
            .rule_type(of_type(RuleType::IpamResourceCidr))
            .ipam_scope_id(scope_id)
            .resource_type(resource.to_string().as_str().into())
            .set_conditions(requests(conditions)),
    }
    .build()
}

fn condition_request(condition: &Condition) -> ec2::IpamPrefixListResolverRuleConditionRequest {
    let request = ec2::IpamPrefixListResolverRuleConditionRequest::builder()
        .operation(condition.operation.to_string().as_str().into());
    match &condition.property {
        Property::IpamPoolId(id) => request.ipam_pool_id(id),
        Property::ResourceId(id) => request.resource_id(id),
        Property::ResourceOwner(owner) => request.resource_owner(owner),
        Property::ResourceRegion(region) => request.resource_region(region),
        Property::ResourceTag(key, value) => {
            request.resource_tag(ec2::RequestIpamResourceTag::builder().key(key).value(value).build())
        }
        Property::Cidr(cidr) => request.cidr(cidr.to_string()),
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_a_kind_that_is_not_known_is_an_error_and_no_rule_less() {
        let found = ec2::IpamPrefixListResolverRule::builder().rule_type("exclude".into()).build();
        let error = rule(&found).unwrap_err();
        assert!(matches!(&error, Error::Service(fault) if fault.message.contains("static-cidr")), "{error:?}");
    }
}
