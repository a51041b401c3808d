//! Who keeps each noun that not every backend keeps, and what users of other stores do instead.

use super::{
    AdminNoun, AssociationNoun, ByoasnAssociationNoun, ByoasnNoun, ByoipCidrNoun, DiscoveryNoun, EnablementNoun,
    IpamNoun, Keeps, PolicyNoun, ResolverNoun, ResourceCidrNoun, TargetNoun, TokenNoun,
};
use crate::backend::{Ipam, Noun};

/// A noun that not every backend keeps.
pub trait Kept: Noun {
    /// The reason why other stores do not have the noun, and the alternative there, in sentences.
    const ELSEWHERE: &'static str;

    /// The keeper of this noun in `ipam`, if it has one.
    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>>;
}

impl Kept for DiscoveryNoun {
    // Every store keeps this noun.
    const ELSEWHERE: &'static str = "";

    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>> {
        ipam.discoveries()
    }
}

impl Kept for ResourceCidrNoun {
    // Every store keeps this noun.
    const ELSEWHERE: &'static str = "";

    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>> {
        ipam.treatments()
    }
}

/// Implements [`Kept`] for a noun that only a service keeps.
macro_rules! kept_by_a_service {
    ($Noun:ident, $elsewhere:expr) => {
        impl Kept for $Noun {
            const ELSEWHERE: &'static str = $elsewhere;

            fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>> {
                ipam.service().map(|service| service as _)
            }
        }
    };
}

kept_by_a_service!(
    AdminNoun,
    "A self-managed store does not belong to an organization: all users who may write to it administer it. Leave the \
     resource out."
);
kept_by_a_service!(
    AssociationNoun,
    "All resource discoveries of a self-managed store belong to that store: leave the resource out."
);
kept_by_a_service!(
    ByoasnAssociationNoun,
    "A self-managed store does not advertise addresses. Leave the resource out, and keep the number in `tags` of the \
     pool or allocation that your routers advertise."
);
kept_by_a_service!(
    ByoasnNoun,
    "A self-managed store does not advertise addresses, so there is no AS number to bring. Leave the resource out, and \
     keep the number in `tags` of the pool whose space your routers advertise with it."
);
kept_by_a_service!(
    ByoipCidrNoun,
    "A self-managed store accepts public space without a proof, and does not advertise it. Use `ipam_pool_cidr`, or \
     `cidrs` of a pool in a public scope."
);
kept_by_a_service!(
    IpamNoun,
    "A self-managed store does not need an IPAM object: it has its two default scopes from the start. Leave the \
     resource out, and use one provider block for each store."
);
kept_by_a_service!(
    TokenNoun,
    "A self-managed store accepts public space without a proof, so there is nothing to verify. Leave the resource out."
);

const NO_POLICY: &str = "A policy defines where AWS services take public IPv4 addresses from, and AWS services do not \
                         use another store. Leave the resource out, and allocate from the pools themselves.";

kept_by_a_service!(PolicyNoun, NO_POLICY);
kept_by_a_service!(EnablementNoun, NO_POLICY);

const NO_RESOLVER: &str = "A resolver keeps EC2 prefix lists up to date with AWS IPAM, which does not know the objects \
                           of another store. Leave the resource out, and fill an aws_ec2_managed_prefix_list with the \
                           CIDRs of ipam_pool and ipam_allocation.";

kept_by_a_service!(ResolverNoun, NO_RESOLVER);
kept_by_a_service!(TargetNoun, NO_RESOLVER);
