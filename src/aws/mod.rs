//! AWS VPC IPAM as a store. This is the only module that uses the AWS SDK.
//!
//! Pools, scopes and their CIDRs are requested in the home Region of the IPAM, and allocations in the Region of their
//! pool's locale. The `name` of an object is its `Name` tag, and its owner is the account. AWS reserves nothing for a
//! plan.
//!
//! Each noun is a struct over the shared `Connection`, in a file of its own: its methods are the requests
//! for objects of the noun. [`AwsIpam`] owns the connection and runs the methods to their end.
//!
//! | module | content |
//! |---|---|
//! | `settings`, `connect` | access to AWS; clients, one for each Region |
//! | `connection` | the connection that all nouns share |
//! | `response`, `wait`, `pending` | answers and refusals; waiting in slices; the requests of this process |
//! | `convert`, `tags` | types of the SDK as records; data that is stored in tags |
//! | `scope`, `pool`, `pool_cidr`, `allocation` | the nouns of every backend; `pool_create` and others: long operations |
//! | `service` | the nouns that only AWS has |
//! | `observation` | the resources that AWS has found in accounts |
//! | `usage`, `preflight`, `overview` | free space and its occupants; checks at plan time; many objects at once |
//! | `ipam` | [`AwsIpam`]: [`crate::backend::Ipam`] with all its parts, by the nouns above |
//! | `scout` | [`crate::backend::scout::Scout`]: scans accounts by plain reads of EC2, for self-managed stores |

mod allocation;
mod allocation_create;
mod connect;
mod connection;
mod convert;
mod ipam;
mod observation;
mod overview;
mod pages;
mod pending;
mod pool;
mod pool_change;
mod pool_cidr;
mod pool_create;
mod pool_delete;
mod pool_tree;
mod preflight;
mod response;
mod scope;
mod scout;
mod service;
mod settings;
mod tags;
mod usage;
mod wait;

pub use ipam::{AwsIpam, STORE};
pub use scout::Ec2Scout;
pub use settings::{Keys, Role, Settings, WebIdentity};
pub use wait::Pace;
