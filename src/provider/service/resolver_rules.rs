//! Rules of `ipam_prefix_list_resolver` in a configuration, and their errors.

use crate::backend::service::{Condition, Operation, Property, ResolverRule, RuleType};
use crate::ipam::discovery::types::SeenType;
use crate::ipam::{Cidr, Family};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{model, text_attr};

text_attr!(RuleType);
text_attr!(Operation);

model! {
    /// A tag of a resource.
    pub(crate) struct TagModel {
        /// Key of the tag.
        key: String => required(),
        /// Value of the tag.
        value: String => required(),
    }
}

model! {
    /// Condition for a CIDR, with an operation and exactly one property to compare.
    pub(crate) struct ConditionModel {
        /// Operation that compares the property, such as `equals`, `not-equals` or `subnet-of`. `subnet-of` requires
        /// the property `cidr`: the CIDR must lie inside it.
        operation: Operation => required(),
        /// ID of the pool into which the CIDR is provisioned. Only in rules of the type `ipam-pool-cidr`.
        ipam_pool_id: String => optional(),
        /// ID of the resource that has the CIDR. Only in rules of the type `ipam-resource-cidr`.
        resource_id: String => optional(),
        /// ID of the AWS account that owns the resource. Only in rules of the type `ipam-resource-cidr`.
        resource_owner: String => optional(),
        /// Region of the resource. Only in rules of the type `ipam-resource-cidr`.
        resource_region: String => optional(),
        /// Tag of the resource. Only in rules of the type `ipam-resource-cidr`.
        resource_tag: TagModel => optional(),
        /// CIDR to compare with. In rules of the types `ipam-pool-cidr` and `ipam-resource-cidr`.
        cidr: Cidr => optional(),
    }
}

model! {
    /// Rule that selects CIDRs.
    pub(crate) struct RuleModel {
        /// Type of the rule, such as `static-cidr` (the CIDR in `static_cidr`), `ipam-pool-cidr` (the CIDRs that are
        /// provisioned into the pools of a scope) or `ipam-resource-cidr` (the CIDRs of the resources in a scope).
        rule_type: RuleType => required(),
        /// CIDR that the rule selects. Required in rules of the type `static-cidr`, and only allowed there.
        static_cidr: Cidr => optional(),
        /// ID of the scope from which the rule selects CIDRs. Required in rules of the types `ipam-pool-cidr` and
        /// `ipam-resource-cidr`.
        ipam_scope_id: String => optional(),
        /// Type of the resources, such as `vpc`, `subnet`, `eip`, `eni`, `public-ipv4-pool`, `ipv6-pool` or
        /// `anycast-ip-list`. Required in rules of the type `ipam-resource-cidr`, and only allowed there.
        resource_type: SeenType => optional(),
        /// List of conditions for the CIDRs. The rule selects the CIDRs that meet all conditions. Without conditions,
        /// it selects everything in the scope. Not allowed in rules of the type `static-cidr`.
        condition: Vec<ConditionModel> => optional(),
    }
}

/// Attributes of [`ConditionModel`] that are properties, and whether rules of pools and rules of resources have them.
const PROPERTIES: [(&str, bool, bool); 6] = [
    ("ipam_pool_id", true, false),
    ("resource_id", false, true),
    ("resource_owner", false, true),
    ("resource_region", false, true),
    ("resource_tag", false, true),
    ("cidr", true, true),
];

impl ConditionModel {
    /// Whether each property is null, in the order of [`PROPERTIES`].
    const fn is_null(&self) -> [bool; 6] {
        [
            self.ipam_pool_id.is_null(),
            self.resource_id.is_null(),
            self.resource_owner.is_null(),
            self.resource_region.is_null(),
            self.resource_tag.is_null(),
            self.cidr.is_null(),
        ]
    }

    fn check(&self, rule_type: RuleType, family: Option<Family>, at: &Path) -> Diagnostics {
        let mut found = Diagnostics::new();
        let given: Vec<_> = PROPERTIES
            .iter()
            .zip(self.is_null())
            .filter(|(_, is_null)| !is_null)
            .map(|(property, _)| property)
            .collect();
        if given.len() != 1 {
            let names: Vec<_> = given.iter().map(|(name, ..)| *name).collect();
            let why = match names.as_slice() {
                [] => "The condition compares nothing. Set one of ipam_pool_id, resource_id, resource_owner, \
                       resource_region, resource_tag and cidr."
                    .to_owned(),
                names => format!(
                    "A condition compares one property, and this one has {}. Write a condition for each: all \
                     conditions of a rule must be met.",
                    names.join(" and ")
                ),
            };
            found.push(Diagnostic::error("A condition must have one property", why).at(at.clone()));
        }
        for (name, of_pools, of_resources) in given {
            let fits = match rule_type {
                RuleType::IpamPoolCidr => *of_pools,
                RuleType::Unlisted(_) => true,
                _ => *of_resources,
            };
            if !fits {
                let other = if rule_type == RuleType::IpamPoolCidr { "ipam-resource-cidr" } else { "ipam-pool-cidr" };
                let why =
                    format!("Rules of the type {rule_type} cannot compare {name}, but rules of the type {other} can.");
                found.push(Diagnostic::error("A property of another type of rule", why).at(at.then(name)));
            }
        }
        if self.operation.get() == Some(&Operation::SubnetOf) && self.cidr.is_null() {
            let why = "subnet-of compares only cidr. Use equals or not-equals here.";
            found.push(Diagnostic::error("subnet-of without a CIDR", why).at(at.then("operation")));
        }
        found.extend(other_family(&self.cidr, family, at.then("cidr")));
        found
    }

    fn condition(&self) -> Option<Condition> {
        let tag = |tag: &TagModel| Some(Property::ResourceTag(tag.key.cloned()?, tag.value.cloned()?));
        let tag = match self.resource_tag.get() {
            Some(found) => Some(tag(found)?),
            None => None,
        };
        let property = [
            self.ipam_pool_id.cloned().map(Property::IpamPoolId),
            self.resource_id.cloned().map(Property::ResourceId),
            self.resource_owner.cloned().map(Property::ResourceOwner),
            self.resource_region.cloned().map(Property::ResourceRegion),
            tag,
            self.cidr.cloned().map(Property::Cidr),
        ];
        let property = property.into_iter().flatten().next()?;
        Some(Condition { operation: self.operation.cloned()?, property })
    }

    fn of(condition: &Condition) -> Self {
        let mut model = Self { operation: condition.operation.into(), ..Self::default() };
        match condition.property.clone() {
            Property::IpamPoolId(id) => model.ipam_pool_id = id.into(),
            Property::ResourceId(id) => model.resource_id = id.into(),
            Property::ResourceOwner(owner) => model.resource_owner = owner.into(),
            Property::ResourceRegion(region) => model.resource_region = region.into(),
            Property::ResourceTag(key, value) => {
                model.resource_tag = TagModel { key: key.into(), value: value.into() }.into();
            }
            Property::Cidr(cidr) => model.cidr = cidr.into(),
            Property::Unlisted => {}
        }
        model
    }
}

/// Refuses a CIDR of another family than the resolver's, because no version would contain it.
fn other_family(cidr: &Tf<Cidr>, family: Option<Family>, at: Path) -> Option<Diagnostic> {
    let (cidr, family) = (cidr.get()?, family?);
    (cidr.family() != family).then(|| {
        let why = format!(
            "{cidr} is {}, and the resolver is for {family}, so it would never be in a version. Create a second \
             resolver for the other family.",
            cidr.family()
        );
        Diagnostic::error("Address families are mixed", why).at(at)
    })
}

impl RuleModel {
    /// The errors of the rule; unknown values are accepted.
    pub(super) fn check(&self, family: Option<Family>, at: &Path) -> Diagnostics {
        let mut found = Diagnostics::new();
        let Some(&rule_type) = self.rule_type.get() else { return found };
        let is_static = rule_type == RuleType::StaticCidr;
        let is_of_resources = rule_type == RuleType::IpamResourceCidr;
        // AWS checks the arguments of a type that is not listed here.
        let is_listed = !matches!(rule_type, RuleType::Unlisted(_));
        for (name, is_null, is_needed) in [
            ("static_cidr", self.static_cidr.is_null(), is_static),
            ("ipam_scope_id", self.ipam_scope_id.is_null(), !is_static),
            ("resource_type", self.resource_type.is_null(), is_of_resources),
        ] {
            if is_listed && is_needed && is_null {
                let why = format!("A rule of the type {rule_type} needs {name}.");
                found.push(Diagnostic::error("An incomplete rule", why).at(at.clone()));
            } else if is_listed && !is_needed && !is_null {
                let why = format!("A rule of the type {rule_type} has no {name}. Remove it, or change rule_type.");
                found.push(Diagnostic::error("An argument of another type of rule", why).at(at.then(name)));
            }
        }
        found.extend(other_family(&self.static_cidr, family, at.then("static_cidr")));
        let conditions = self.condition.get().map_or(&[] as &[ConditionModel], Vec::as_slice);
        if is_static && !conditions.is_empty() {
            let why = "A rule of the type static-cidr is always one CIDR, so it cannot have conditions.";
            found.push(Diagnostic::error("Conditions of a static CIDR", why).at(at.then("condition")));
            return found;
        }
        for (position, condition) in conditions.iter().enumerate() {
            found.append(condition.check(rule_type, family, &at.then("condition").index(position)));
        }
        found
    }

    /// The rule; `None` while a part of it is unknown or missing.
    pub(super) fn rule(&self) -> Option<ResolverRule> {
        let conditions = || match &self.condition {
            Tf::Unknown => None,
            Tf::Null => Some(Vec::new()),
            Tf::Known(conditions) => conditions.iter().map(ConditionModel::condition).collect(),
        };
        Some(match self.rule_type.get()? {
            RuleType::StaticCidr => ResolverRule::Static(self.static_cidr.cloned()?),
            RuleType::IpamPoolCidr => {
                ResolverRule::Pool { scope_id: self.ipam_scope_id.cloned()?, conditions: conditions()? }
            }
            RuleType::IpamResourceCidr => ResolverRule::Resource {
                scope_id: self.ipam_scope_id.cloned()?,
                resource: self.resource_type.cloned()?,
                conditions: conditions()?,
            },
            RuleType::Unlisted(rule_type) => {
                let arguments = (&self.static_cidr, &self.ipam_scope_id, &self.resource_type);
                if matches!(arguments, (Tf::Unknown, ..) | (_, Tf::Unknown, _) | (.., Tf::Unknown)) {
                    return None;
                }
                ResolverRule::Unlisted {
                    rule_type: *rule_type,
                    static_cidr: self.static_cidr.cloned(),
                    scope_id: self.ipam_scope_id.cloned(),
                    resource: self.resource_type.cloned(),
                    conditions: conditions()?,
                }
            }
        })
    }

    pub(super) fn of(rule: &ResolverRule) -> Self {
        let listed = |conditions: &[Condition]| match conditions {
            [] => Tf::Null,
            conditions => Tf::Known(conditions.iter().map(ConditionModel::of).collect::<Vec<_>>()),
        };
        match rule {
            ResolverRule::Static(cidr) => {
                Self { rule_type: RuleType::StaticCidr.into(), static_cidr: (*cidr).into(), ..Self::default() }
            }
            ResolverRule::Pool { scope_id, conditions } => Self {
                rule_type: RuleType::IpamPoolCidr.into(),
                ipam_scope_id: scope_id.clone().into(),
                condition: listed(conditions),
                ..Self::default()
            },
            ResolverRule::Resource { scope_id, resource, conditions } => Self {
                rule_type: RuleType::IpamResourceCidr.into(),
                ipam_scope_id: scope_id.clone().into(),
                resource_type: (*resource).into(),
                condition: listed(conditions),
                ..Self::default()
            },
            ResolverRule::Unlisted { rule_type, static_cidr, scope_id, resource, conditions } => Self {
                rule_type: RuleType::Unlisted(*rule_type).into(),
                static_cidr: (*static_cidr).into(),
                ipam_scope_id: scope_id.clone().into(),
                resource_type: (*resource).into(),
                condition: listed(conditions),
            },
        }
    }
}
