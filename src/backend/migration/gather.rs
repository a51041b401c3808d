//! The networks of all files, each with its place and its scope.

use std::collections::BTreeMap;

use super::types::{Choices, Place, Remark, ScopeDesign, Source};
use crate::sources::{Mistake, Network, Role};

/// Names that mean the default private scope.
const DEFAULT_SCOPE: &str = "default-private";
/// What stands for the file of pools that the user declares.
const OPTION: &str = "--pool";

/// One network.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    /// Its scope, by position.
    pub(super) scope: usize,
    pub(super) network: Network,
}

/// All networks.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) scopes: Vec<ScopeDesign>,
    pub(super) items: Vec<Item>,
    pub(super) conflicts: Vec<Remark>,
    pub(super) notes: Vec<Remark>,
}

/// Puts the networks of all files together.
pub(super) fn gather(sources: &[Source], choices: &Choices) -> Gathered {
    let mut gathered = Gathered { scopes: vec![ScopeDesign::default()], ..Gathered::default() };
    for pool in &choices.pools {
        let network = Network { name: Some(pool.name.clone()), ..Network::new(0, pool.cidr, Role::Pool) };
        let place = Place { file: OPTION.to_owned(), line: None };
        let scope = gathered.scope(pool.scope.as_deref(), choices, &place);
        gathered.items.push(Item { place, scope, network });
    }
    let scopes_of_ids = scopes_of_ids(sources);
    for source in sources {
        let at = |line: u64| Place { file: source.file.clone(), line: (line > 0).then_some(line) };
        let remark = |mistake: &Mistake| Remark {
            place: Place { line: mistake.line, ..at(0) },
            what: super::naming::sentence(&mistake.words),
        };
        gathered.conflicts.extend(source.inventory.mistakes.iter().map(remark));
        gathered.notes.extend(source.inventory.left_out.iter().map(remark));
        for scope in &source.inventory.scopes {
            let index = gathered.scope(Some(&scope.name), choices, &at(scope.line));
            let known = &mut gathered.scopes[index];
            known.description = known.description.take().or_else(|| scope.description.clone());
            known.tags.extend(scope.tags.clone());
        }
        for network in &source.inventory.networks {
            let of_parent = || scopes_of_ids.get(network.parent_id.as_deref()?).copied().flatten();
            let name = network.scope.as_deref().or_else(of_parent);
            let scope = gathered.scope(name, choices, &at(network.line));
            gathered.items.push(Item { place: at(network.line), scope, network: network.clone() });
        }
    }
    // The default scope of a store keeps its words.
    gathered.scopes[0] = ScopeDesign::default();
    gathered
}

/// The scopes of pools by id: a file with what is in a pool may not name the scope.
fn scopes_of_ids(sources: &[Source]) -> BTreeMap<&str, Option<&str>> {
    let all = sources.iter().flat_map(|source| &source.inventory.networks);
    all.filter_map(|network| Some((network.source_id.as_deref()?, network.scope.as_deref()))).collect()
}

impl Gathered {
    /// The position of a scope, which is added if it is new.
    fn scope(&mut self, name: Option<&str>, choices: &Choices, place: &Place) -> usize {
        let name = name.map(str::trim).filter(|name| !name.is_empty()).or(choices.scope.as_deref());
        let Some(name) = name.filter(|name| *name != DEFAULT_SCOPE) else { return 0 };
        let name = super::naming::cleaned(name, false);
        if let Some(known) = self.scopes.iter().position(|scope| scope.name.as_deref() == Some(name.as_str())) {
            return known;
        }
        self.scopes.push(ScopeDesign { place: place.clone(), name: Some(name), ..ScopeDesign::default() });
        self.scopes.len() - 1
    }
}
