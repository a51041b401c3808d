//! What the tables of phpIPAM become.

use super::columns::{Kind, is_unset, kind_of, tag};
use crate::ipam::Tags;
use crate::sources::table::{Row, Table};
use crate::sources::{Inventory, Mistake, Network, Role, Scope, fields};

/// What an export shows for a subnet that is a folder, behind its name.
const FOLDER: &str = " (folder)";

/// What an export shows for a master subnet that is a folder, behind its name.
const MASTER_FOLDER: &str = " [folder]";

/// The VRF of subnets that have none, in an export of addresses.
const NO_VRF: &str = "default";

/// The VLAN of subnets that have none.
const NO_VLAN: &str = "NA";

/// The networks in the tables of one file.
pub(super) fn read(tables: &[Table]) -> Inventory {
    let mut inventory = Inventory::default();
    let mut is_known = false;
    for table in tables {
        let Some(kind) = kind_of(table) else { continue };
        is_known |= kind != Kind::Sections;
        for row in &table.rows {
            let row = Cells { table, row };
            let taken = match kind {
                Kind::Subnets => row.subnet(&mut inventory),
                Kind::Addresses => row.address(&mut inventory),
                Kind::Vrfs => row.vrf(&mut inventory),
                // Subnets carry the name of their section.
                Kind::Sections => Ok(()),
            };
            if let Err(words) = taken {
                inventory.mistakes.push(Mistake::on(row.row.line, words));
            }
        }
    }
    if !is_known {
        let words = "no header has the columns Subnet, IP Address, or Name with RD. Tick these columns when you export, with \
                     phpIPAM in English, or name the columns of a CSV file: migrate csv --map cidr=COLUMN.";
        inventory.mistakes.push(Mistake::of_all(words));
    }
    inventory
}

/// A row with the names of its columns.
#[derive(Clone, Copy)]
struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    fn text(&self, column: &str) -> Option<&'a str> {
        self.row.text(self.table.column(&[column]))
    }

    fn subnet(&self, inventory: &mut Inventory) -> Result<(), &'static str> {
        let subnet = self.text("subnet").ok_or("it has no subnet.")?;
        // A folder has a name in place of a block. Its subnets carry the name as a tag.
        if subnet.ends_with(FOLDER) {
            return Ok(());
        }
        let mask = self.text("mask").map(|mask| mask.trim_start_matches('/'));
        let cidr = fields::block(subnet, mask)?;
        let mut tags = self.tags();
        if let Some(folder) = self.text("master subnet").and_then(|master| master.strip_suffix(MASTER_FOLDER)) {
            fields::put(&mut tags, "folder", folder);
        }
        inventory.networks.push(Network {
            scope: self.scope(),
            description: self.text("description").map(str::to_owned),
            tags,
            ..Network::new(self.row.line, cidr, Role::Network)
        });
        Ok(())
    }

    fn address(&self, inventory: &mut Inventory) -> Result<(), &'static str> {
        let cidr = fields::host(self.text("ip address").ok_or("it has no IP address.")?)?;
        let mut tags = self.tags();
        if !is_unset(self.text("gateway").or(self.text("is_gateway"))) {
            fields::put(&mut tags, "gateway", "true");
        }
        inventory.networks.push(Network {
            scope: self.scope(),
            name: self.text("hostname").map(str::to_owned),
            description: self.text("description").map(str::to_owned),
            tags,
            ..Network::new(self.row.line, cidr, Role::Address)
        });
        Ok(())
    }

    fn vrf(&self, inventory: &mut Inventory) -> Result<(), &'static str> {
        let name = self.text("name").ok_or("it has no name.")?;
        if inventory.scopes.iter().any(|scope| scope.name == name) {
            return Err("a VRF above has the same name. Give each VRF a name of its own in phpIPAM.");
        }
        inventory.scopes.push(Scope {
            line: self.row.line,
            name: name.to_owned(),
            description: self.text("description").map(str::to_owned),
            tags: self.tags(),
        });
        Ok(())
    }

    fn scope(&self) -> Option<String> {
        self.text("vrf").filter(|vrf| *vrf != NO_VRF).map(str::to_owned)
    }

    fn tags(&self) -> Tags {
        let mut tags = Tags::new();
        for (column, text) in self.table.columns.iter().zip(&self.row.texts) {
            match tag(column) {
                Some("vlan") if text == NO_VLAN || text == "0" => {}
                Some(key) => fields::put(&mut tags, key, text),
                None => {}
            }
        }
        tags
    }
}
