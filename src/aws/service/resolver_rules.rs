//! Rules of resolvers, in the form of the SDK and as records.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{Condition, Operation, Property, ResolverRule, RuleType};
use crate::ipam::discovery::types::SeenType;
use crate::ipam::{Error, Result, Words};

use super::super::convert::{cidr, need};

fn word<T: Words>(word: Option<&str>, what: &'static str) -> Result<T> {
    Ok(T::from_text(need(word, what)?))
}

/// Rules are replaced as a whole, so none may be lost: a rule of a type that is not listed here keeps all its values.
pub(super) fn rule(found: &ec2::IpamPrefixListResolverRule) -> Result<ResolverRule> {
    let scope_id = || Ok::<_, Error>(need(found.ipam_scope_id(), "scope of a rule")?.to_owned());
    let conditions = || found.conditions().iter().map(condition).collect::<Result<Vec<_>>>();
    let resource = found.resource_type().map(|it| SeenType::from_text(it.as_str()));
    Ok(match word::<RuleType>(found.rule_type().map(|it| it.as_str()), "type of a rule")? {
        RuleType::StaticCidr => ResolverRule::Static(cidr(found.static_cidr())?),
        RuleType::IpamPoolCidr => ResolverRule::Pool { scope_id: scope_id()?, conditions: conditions()? },
        RuleType::IpamResourceCidr => ResolverRule::Resource {
            scope_id: scope_id()?,
            resource: need(resource, "resource type of a rule")?,
            conditions: conditions()?,
        },
        RuleType::Unlisted(rule_type) => ResolverRule::Unlisted {
            rule_type,
            static_cidr: found.static_cidr().map(|text| cidr(Some(text))).transpose()?,
            scope_id: found.ipam_scope_id().map(str::to_owned),
            resource,
            conditions: conditions()?,
        },
    })
}

fn condition(found: &ec2::IpamPrefixListResolverRuleCondition) -> Result<Condition> {
    let operation: Operation = word(found.operation().map(|it| it.as_str()), "operation of a condition")?;
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
    Ok(Condition { operation, property: property.into_iter().flatten().next().unwrap_or(Property::Unlisted) })
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
        ResolverRule::Unlisted { rule_type, static_cidr, scope_id, resource, conditions } => request
            .rule_type(of_type(RuleType::Unlisted(*rule_type)))
            .set_static_cidr(static_cidr.map(|cidr| cidr.to_string()))
            .set_ipam_scope_id(scope_id.clone())
            .set_resource_type(resource.map(|resource| resource.to_string().as_str().into()))
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
        Property::Unlisted => request,
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_an_unlisted_type_is_read_and_sent_unchanged() {
        let found = ec2::IpamPrefixListResolverRule::builder()
            .rule_type("exclude-cidr".into())
            .static_cidr("10.0.0.0/8")
            .resource_type("igw-firewall".into())
            .conditions(ec2::IpamPrefixListResolverRuleCondition::builder().operation("superset-of".into()).build())
            .build();
        let read = rule(&found).unwrap();
        let ResolverRule::Unlisted { conditions, .. } = &read else { panic!("{read:?}") };
        assert_eq!((conditions.len(), &conditions[0].property), (1, &Property::Unlisted));
        let sent = rule_request(&read);
        assert_eq!(sent.rule_type().map(|it| it.as_str()), Some("exclude-cidr"));
        assert_eq!(sent.resource_type().map(|it| it.as_str()), Some("igw-firewall"));
        assert_eq!((sent.static_cidr(), sent.ipam_scope_id()), (Some("10.0.0.0/8"), None));
        assert_eq!(sent.conditions()[0].operation().map(|it| it.as_str()), Some("superset-of"));
    }
}
