//! Files in which other systems export their networks: NetBox, Infoblox, phpIPAM, the command lines of clouds, tables.
//!
//! A reader turns the bytes of one file into an [`Inventory`]: blocks of addresses with their line, and all mistakes of
//! the file. It decides nothing about pools, and it does not open files. `migrate` makes a store of an inventory, and a
//! resource discovery makes sightings of it.
//!
//! A [`Mistake`] names lines and columns and never quotes the file, because the path of a file may come from a store,
//! and the user who wrote it there may not have the right to read the file.

pub mod aws;
pub mod azure;
pub mod blocks;
pub mod csv;
pub mod fields;
pub mod gcp;
pub mod infoblox;
pub mod join;
pub mod json;
pub mod layout;
pub mod netbox;
pub mod object;
pub mod phpipam;
pub mod quotes;
pub mod table;
pub mod terraform;
#[cfg(test)]
mod testing;

use crate::ipam::{Cidr, Tags};

/// A file that was read.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// The name of the file, without its directory.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// The networks in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The networks, in the order of the file.
    pub networks: Vec<Network>,
    /// The routing domains that the file describes, such as the VRFs of NetBox.
    pub scopes: Vec<Scope>,
    /// All mistakes of the file. A file with a mistake is not used at all.
    pub mistakes: Vec<Mistake>,
    /// Sentences about parts of the file that were left out, such as a column that has no meaning here.
    pub left_out: Vec<Mistake>,
    /// Pools and scopes that the file describes without their blocks, which are in other files.
    pub described: Described,
}

/// A routing domain: a VRF, a network view, a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The line where it begins, counted from 1.
    pub line: u64,
    /// The name, as networks refer to it.
    pub name: String,
    /// A description or a comment.
    pub description: Option<String>,
    /// Tags and other columns worth keeping.
    pub tags: Tags,
}

/// One line about a file: a mistake, or a part that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1; `None` if the sentence is about the whole file.
    pub line: Option<u64>,
    /// A sentence that names columns and members, and never quotes the file.
    pub words: String,
}

impl Mistake {
    /// A sentence about one line.
    pub fn on(line: u64, words: impl Into<String>) -> Self {
        Self { line: Some(line), words: words.into() }
    }

    /// A sentence about the whole file.
    pub fn of_all(words: impl Into<String>) -> Self {
        Self { line: None, words: words.into() }
    }
}

/// The number of line ends in `bytes`.
pub fn lines_in(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// One block of addresses in a file. A range that is not one block is several networks with the same line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The line where it begins, counted from 1. In a table of a spreadsheet: the row.
    pub line: u64,
    /// The block. A reader refuses a network with host bits set: other tools clear them silently.
    pub cidr: Cidr,
    /// What the file says it is.
    pub role: Role,
    /// The routing domain: VRF, network view, section, scope. `None`: the global one.
    pub scope: Option<String>,
    /// The id of this network, or of its pool, in the other system. Networks with role [`Role::Pool`] and the same id are
    /// the CIDRs of one pool.
    pub source_id: Option<String>,
    /// The id of the pool that it is in, if the file names it. Otherwise, the smallest pool of its scope that contains it.
    pub parent_id: Option<String>,
    /// A short name, if the file has one.
    pub name: Option<String>,
    /// A description or a comment.
    pub description: Option<String>,
    /// Tags, custom fields, extensible attributes, and other columns worth keeping.
    pub tags: Tags,
    /// The AWS Region of a pool (`locale`), or the Region of a resource.
    pub region: Option<String>,
    /// The account, subscription or project.
    pub account: Option<String>,
    /// The rules of a pool.
    pub rules: Rules,
    /// The resource that has the block, if the file lists resources.
    pub resource: Option<Resource>,
}

impl Network {
    /// A network of which only the line, the block and the role are known.
    pub fn new(line: u64, cidr: Cidr, role: Role) -> Self {
        Self {
            line,
            cidr,
            role,
            scope: None,
            source_id: None,
            parent_id: None,
            name: None,
            description: None,
            tags: Tags::new(),
            region: None,
            account: None,
            rules: Rules::default(),
            resource: None,
        }
    }
}

/// What a network is in the system that exported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Space that others are allocated from: an aggregate, a container, a pool.
    Pool,
    /// A network that is in use.
    Allocation,
    /// A pool if other networks are in it, otherwise an allocation.
    Network,
    /// Space that no allocation may get: a range that is marked as used up or reserved.
    Reserved,
    /// One address of a host.
    Address,
}

/// The rules of a pool for its allocations, as in AWS IPAM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Netmask lengths.
    pub min_netmask_length: Option<u8>,
    /// Netmask lengths.
    pub max_netmask_length: Option<u8>,
    /// Netmask lengths.
    pub default_netmask_length: Option<u8>,
    /// Whether discovered resources become allocations by themselves.
    pub auto_import: bool,
    /// Tags that allocations must have.
    pub required_tags: Tags,
}

/// A resource of a cloud or of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// VPC, virtual network or network; or subnet; or another one.
    pub kind: ResourceKind,
    /// Its id in its system.
    pub id: String,
    /// The VPC or virtual network that a subnet is in.
    pub vpc_id: Option<String>,
}

/// The kind of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A VPC of AWS, a virtual network of Azure, a network of Google Cloud.
    Vpc,
    /// A subnet.
    Subnet,
    /// A secondary range, an address or another resource.
    Other,
}

/// The objects that a file describes without their blocks: AWS prints the attributes of a pool, its CIDRs and its
/// allocations with three commands. [`join`] brings them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Pools.
    pub pools: Vec<PoolFacts>,
    /// Scopes.
    pub scopes: Vec<ScopeFacts>,
}

/// A pool without its CIDRs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFacts {
    /// The line where it begins, counted from 1.
    pub line: u64,
    /// The id of the pool, as its CIDRs and allocations name it.
    pub id: String,
    /// The id of its source pool.
    pub parent_id: Option<String>,
    /// The id of its scope.
    pub scope_id: Option<String>,
    /// Whether the scope is a public one.
    pub is_public: bool,
    /// The resource whose block is the CIDR of the pool: a VPC, for a pool that plans its subnets.
    pub resource_id: Option<String>,
    /// A short name.
    pub name: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// The Region of the pool (`locale`).
    pub region: Option<String>,
    /// The account that owns it.
    pub account: Option<String>,
    /// The rules for its allocations.
    pub rules: Rules,
}

/// A scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeFacts {
    /// The line where it begins, counted from 1.
    pub line: u64,
    /// Its id, as pools name it.
    pub id: String,
    /// Whether its IPAM came with it.
    pub is_default: bool,
    /// Whether it has public addresses.
    pub is_public: bool,
    /// A short name.
    pub name: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}
