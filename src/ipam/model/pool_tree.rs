//! A set of pools as a tree: their paths, and the pools below each.

use std::collections::HashMap;

use crate::ipam::Pool;

/// The paths of a set of pools, and the pools below each. Pools are named by their position in the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolTree {
    nodes: Vec<Node>,
    positions: HashMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    path: String,
    above: Option<usize>,
    children: Vec<usize>,
    below: usize,
}

impl PoolTree {
    /// The tree of these pools. A pool whose source pool is not among them is at the top: AWS can share one pool of a
    /// tree with an account.
    pub fn new<'a>(pools: impl IntoIterator<Item = &'a Pool>) -> Self {
        let pools: Vec<&Pool> = pools.into_iter().collect();
        let positions: HashMap<String, usize> =
            pools.iter().enumerate().map(|(position, pool)| (pool.meta.id.clone(), position)).collect();
        let above = |pool: &&Pool| pool.source_pool_id.as_ref().and_then(|id| positions.get(id)).copied();
        let mut above: Vec<Option<usize>> = pools.iter().map(above).collect();
        let mut paths: Vec<Option<String>> = vec![None; pools.len()];
        for position in 0..pools.len() {
            let chain = without_path(position, &above, &paths);
            for position in chain.into_iter().rev() {
                let name = &pools[position].meta.name;
                let path_above = above[position].and_then(|above| paths[above].as_ref());
                let path = path_above.map_or_else(|| name.clone(), |path| format!("{path}/{name}"));
                if path_above.is_none() {
                    above[position] = None;
                }
                paths[position] = Some(path);
            }
        }
        let node = |(path, above): (Option<String>, &Option<usize>)| Node {
            path: path.unwrap_or_default(),
            above: *above,
            children: Vec::new(),
            below: 0,
        };
        let mut nodes: Vec<Node> = paths.into_iter().zip(&above).map(node).collect();
        for (position, direct) in above.iter().enumerate() {
            if let Some(direct) = direct {
                nodes[*direct].children.push(position);
            }
            let mut above = *direct;
            while let Some(position) = above {
                nodes[position].below += 1;
                above = nodes[position].above;
            }
        }
        Self { nodes, positions }
    }

    fn node(&self, id: &str) -> Option<&Node> {
        self.positions.get(id).map(|position| &self.nodes[*position])
    }

    /// The names from the top-level pool down to the pool with this id, joined by `/`; `None` for another pool.
    pub fn path(&self, id: &str) -> Option<&str> {
        self.node(id).map(|node| node.path.as_str())
    }

    /// The positions of the pools directly below a pool, in the order of the set.
    pub fn children(&self, id: &str) -> &[usize] {
        self.node(id).map_or(&[], |node| &node.children)
    }

    /// The number of all pools below a pool.
    pub fn count_below(&self, id: &str) -> usize {
        self.node(id).map_or(0, |node| node.below)
    }

    /// The positions of the pools whose path is `wanted` or ends in it.
    pub fn called(&self, wanted: &str) -> Vec<usize> {
        let end = format!("/{wanted}");
        let is_it = |node: &Node| node.path == wanted || node.path.ends_with(&end);
        self.nodes.iter().enumerate().filter(|(_, node)| is_it(node)).map(|(position, _)| position).collect()
    }
}

/// The pool at `position` and the pools above it that have no path yet. In a damaged store, a pool may be inside
/// itself: then the pool at which the circle closes counts as the top.
fn without_path(position: usize, above: &[Option<usize>], paths: &[Option<String>]) -> Vec<usize> {
    let mut chain = Vec::new();
    let mut next = Some(position);
    while let Some(position) = next.filter(|position| paths[*position].is_none() && !chain.contains(position)) {
        chain.push(position);
        next = above[position];
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::World;

    /// `top` with `eu` and `us` below it, and a `prod` in each.
    fn pools() -> Vec<Pool> {
        let mut world = World::new();
        let top = world.top("top", &["10.0.0.0/8"]);
        let mut below = |source: &Pool, name, size| {
            let spec = crate::ipam::testing::below(source, name, size);
            world.write(|ledger| ledger.create_pool(&spec, &crate::ipam::Planned::Unknown)).unwrap()
        };
        let (eu, us) = (below(&top, "eu", "/16"), below(&top, "us", "/16"));
        let (in_eu, in_us) = (below(&eu, "prod", "/20"), below(&us, "prod", "/20"));
        vec![top, eu, in_eu, us, in_us]
    }

    #[test]
    fn paths_do_not_depend_on_the_order_of_the_pools() {
        let mut pools = pools();
        for _ in 0..2 {
            let tree = PoolTree::new(&pools);
            let mut paths: Vec<_> = pools.iter().map(|pool| tree.path(&pool.meta.id).unwrap()).collect();
            paths.sort_unstable();
            assert_eq!(paths, ["top", "top/eu", "top/eu/prod", "top/us", "top/us/prod"]);
            pools.reverse();
        }
        assert_eq!(PoolTree::new(&pools).path("ipam-pool-none"), None);
    }

    #[test]
    fn all_pools_below_are_counted() {
        let pools = pools();
        let tree = PoolTree::new(&pools);
        let counts: Vec<usize> = pools.iter().map(|pool| tree.count_below(&pool.meta.id)).collect();
        assert_eq!(counts, [4, 1, 0, 1, 0]);
        assert_eq!(tree.children(&pools[0].meta.id), [1, 3]);
    }

    #[test]
    fn a_pool_is_called_by_its_path_or_the_end_of_it() {
        let tree = PoolTree::new(&pools());
        assert_eq!(tree.called("prod"), [2, 4]);
        assert_eq!(tree.called("eu/prod"), [2]);
        assert_eq!(tree.called("top/eu/prod"), [2]);
        assert!(tree.called("od").is_empty());
    }

    #[test]
    fn a_pool_without_its_source_and_a_pool_inside_itself_are_at_the_top() {
        let mut pools = pools();
        let eu_alone = PoolTree::new(&pools[1..3]);
        assert_eq!(eu_alone.path(&pools[2].meta.id), Some("eu/prod"));
        pools[0].source_pool_id = Some(pools[2].meta.id.clone());
        let ring = PoolTree::new(&pools);
        let below: usize = pools.iter().map(|pool| ring.count_below(&pool.meta.id)).sum();
        assert!(below <= 10, "{ring:?}");
        assert!(pools.iter().all(|pool| ring.path(&pool.meta.id).is_some()));
    }
}
