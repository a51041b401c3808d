//! Errors of the endpoint.

use terraform_provider_ipam::ipam;

/// An error as EC2 answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) message: String,
    /// HTTP status.
    pub(crate) status: u16,
}

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// An error that the client caused.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: 400 }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    pub(crate) fn incorrect_state(message: impl Into<String>) -> Self {
        Self::new("IncorrectState", message)
    }

    pub(crate) fn dependency(message: impl Into<String>) -> Self {
        Self::new("DependencyViolation", message)
    }

    /// A quota. The documentation names no code for it, so EC2's general one is used.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new("ResourceLimitExceeded", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new("UnauthorizedOperation", message).with_status(403)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalError", message).with_status(500)
    }
}

/// The refusals of the core, with the codes and words of AWS.
impl From<ipam::Error> for Fault {
    fn from(error: ipam::Error) -> Self {
        use ipam::Error as E;
        match error {
            E::PoolExhausted { .. } | E::PoolEmpty { .. } => {
                Self::value("The allocation size is too big for the pool.")
            }
            E::Overlap { cidr, .. } => Self::value(format!("The CIDR {cidr} overlaps an existing allocation.")),
            E::OutsidePool { cidr, pool_id, .. } => {
                Self::value(format!("The CIDR {cidr} is not in the CIDRs provisioned to the pool {pool_id}."))
            }
            E::NetmaskRule { netmask_length, min, max, .. } => {
                let bound = |bound: Option<u8>| bound.map_or("none".to_owned(), |bound| bound.to_string());
                Self::value(format!(
                    "The netmask length {netmask_length} breaks the allocation rules of the pool (minimum {}, maximum \
                     {}).",
                    bound(min),
                    bound(max)
                ))
            }
            E::BadRules { rule, why } => Self::value(format!("{rule:?}: {why}")),
            E::NetmaskRange { netmask_length, .. } => {
                Self::value(format!("The netmask length {netmask_length} is out of range."))
            }
            E::FamilyMismatch { expected, .. } => Self::value(format!("The address family must be {expected}.")),
            E::NoSize { .. } => Self::combination(
                "The request contains an empty CIDR and Netmask Length for a pool with no default netmask length.",
            ),
            E::NoSourcePool => Self::combination("A NetmaskLength needs a pool that has a source pool."),
            other => Self::internal(format!("the endpoint's core: {other:?}")),
        }
    }
}
