//! Address sets: each plan, change and release is one transaction.

use super::super::{AddressSets, Result};
use super::Local;
use super::holds::Turn;
use crate::ipam::{AddressAnswer, AddressChange, AddressRequest, Reader, Terms};

impl AddressSets for Local {
    fn plan_addresses(&self, request: &AddressRequest, terms: &Terms) -> Result<AddressAnswer> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_addresses(request, terms);
        let wish = request.clone();
        let is_any = |wishes: &crate::ipam::AddressWishes| wishes.members.values().any(Option::is_none);
        // Of the sets that are planned at the same time, those that name all their addresses come first.
        let rank = u8::from(request.wishes.values().any(is_any));
        let turn = Turn::in_pool(&format!("{rank} {}", request.name), None);
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_addresses(&wish, terms))
    }

    fn preview_addresses(&self, request: &AddressRequest) -> Result<AddressAnswer> {
        self.look(|reader| reader.preview_addresses(request))
    }

    fn apply_addresses(&self, change: &AddressChange) -> Result<AddressAnswer> {
        let wish = change.clone();
        self.write(&change.request.name, move |ledger| ledger.apply_addresses(&wish))
    }

    fn delete_addresses(&self, id: &str, allocations: &[String]) -> Result<()> {
        let (gone, places) = (id.to_owned(), allocations.to_vec());
        self.write(id, move |ledger| ledger.delete_addresses(&gone, &places))
    }

    fn get_address_set(&self, id: &str, allocations: &[String]) -> Result<Option<AddressAnswer>> {
        self.read(|reader| reader.get_address_set(id, allocations))
    }

    fn confirm_addresses(&self, id: &str, allocations: &[String]) -> Result<()> {
        let (seen, places) = (id.to_owned(), allocations.to_vec());
        self.write(id, move |ledger| ledger.confirm_addresses(&seen, &places))
    }

    fn restore_addresses(&self, change: &AddressChange) -> Result<bool> {
        let wish = change.clone();
        self.write(&change.request.name, move |ledger| ledger.restore_addresses(&wish))
    }
}
