"""Tests each rule of findings.py with the fewest objects that show it."""
import unittest

from findings import findings

SCOPES = [
    {"id": "private", "scope_type": "private", "is_default": True},
    {"id": "public", "scope_type": "public", "is_default": True},
    {"id": "second", "scope_type": "private", "is_default": False},
]


def resource(kind, id, cidr, region="us-east-1", **more):
    return dict({"resource_type": kind, "resource_id": id, "cidr": cidr, "region": region, "tags": {}}, **more)


def pool(id, above=None, scope="private", **more):
    return dict({"id": id, "name": id, "scope_id": scope, "source_pool_id": above, "rules": {}}, **more)


def allocation(id, pool, cidr, kind="custom", resource=None):
    return {"id": id, "name": id, "pool_id": pool, "cidr": cidr, "resource_type": kind, "resource_id": resource}


class Findings(unittest.TestCase):
    def found(self, resources, pools=(), pool_cidrs=(), allocations=(), treatments=(), first_seen=None, account="1"):
        samples = resources if isinstance(resources, dict) else {account: resources}
        listed = [{"account_id": account, "region": "any", "resources": of} for account, of in samples.items()]
        world = {
            "scopes": SCOPES,
            "pools": list(pools),
            "pool_cidrs": [{"pool_id": pool, "cidr": cidr} for pool, cidr in pool_cidrs],
            "allocations": list(allocations),
            "treatments": list(treatments),
            "samples": listed,
            "first_seen": first_seen or {},
        }
        return {one["resource_id"]: one for one in findings(world)}

    def test_scopes_follow_kinds_and_families(self):
        found = self.found(
            [
                resource("vpc", "a", "10.0.0.0/16"),
                resource("eip", "b", "192.0.2.1/32"),
                resource("vpc", "c", "fd00::/48"),
                resource("vpc", "d", "2001:db8::/56"),
            ]
        )
        self.assertEqual([found[id]["scope_id"] for id in "abcd"], ["private", "public", "private", "public"])

    def test_an_allocation_without_a_resource_manages_the_first_that_was_seen(self):
        two = [resource("vpc", "a", "10.0.0.0/16"), resource("vpc", "b", "10.0.0.0/16")]
        world = {"pools": [pool("p")], "allocations": [allocation("x", "p", "10.0.0.0/16")]}
        states = lambda found: [found[id]["management"] for id in "ab"]
        self.assertEqual(states(self.found(two, **world)), ["managed", "unmanaged"])
        earlier = {"a_10.0.0.0/16_us-east-1": "2026-02", "b_10.0.0.0/16_us-east-1": "2026-01"}
        self.assertEqual(states(self.found(two, first_seen=earlier, **world)), ["unmanaged", "managed"])
        world["allocations"] = [allocation("x", "p", "10.0.0.0/16", "vpc", "b")]
        self.assertEqual(states(self.found(two, **world)), ["unmanaged", "managed"])

    def test_a_vpc_comes_before_a_subnet_of_the_same_block(self):
        both = [resource("subnet", "a", "10.0.0.0/24", vpc_id="b"), resource("vpc", "b", "10.0.0.0/24", vpc_id="b")]
        found = self.found(both, [pool("p")], allocations=[allocation("x", "p", "10.0.0.0/24")])
        self.assertEqual([found[id]["management"] for id in "ab"], ["unmanaged", "managed"])
        self.assertEqual([found[id]["overlap"] for id in "ab"], ["nonoverlapping", "nonoverlapping"])

    def test_the_space_of_a_pool_manages_and_only_the_locale_counts(self):
        pools = [pool("top"), pool("low", "top", locale="eu-west-1", rules={"min_netmask_length": 20})]
        allocations = [
            allocation("s", "top", "10.0.0.0/16", "ipam-pool", "low"),
            allocation("x", "low", "10.0.1.0/24"),
            allocation("y", "top", "10.1.0.0/24"),
        ]
        found = self.found([resource("vpc", "a", "10.0.0.0/16"), resource("vpc", "b", "10.1.0.0/16")], pools, [], allocations)
        self.assertEqual((found["a"]["pool_id"], found["a"]["reasons"]), ("low", ["locale"]))
        self.assertEqual(found["a"]["overlaps_with"], [], "what is in the pool is in the VPC")
        self.assertEqual(found["b"]["overlaps_with"], ['allocation "y" (10.1.0.0/24, y)'])
        found = self.found([resource("vpc", "a", "10.0.0.0/8")], [pool("top")], [("top", "10.0.0.0/8")])
        self.assertEqual((found["a"]["management"], found["a"]["pool_id"]), ("managed", "top"))

    def test_rules_of_the_pool_are_reasons(self):
        rules = {"min_netmask_length": 20, "max_netmask_length": 24, "required_tags": {"team": "net"}}
        world = {"pools": [pool("p", locale="us-east-1", rules=rules)]}

        def reasons(cidr, *region, **more):
            given = [resource("vpc", "a", cidr, *region, **more)]
            return self.found(given, allocations=[allocation("x", "p", cidr)], **world)["a"]["reasons"]

        self.assertEqual(reasons("10.0.0.0/20", tags={"team": "net"}), [])
        self.assertEqual(reasons("10.0.0.0/19", tags={"team": "net"}), ["netmask_length"])
        self.assertEqual(reasons("10.0.0.0/25", tags={"team": "web"}), ["netmask_length", "tag team"])
        self.assertEqual(reasons("10.0.0.0/24", "eu-west-1"), ["tag team", "locale"])

    def test_overlaps_are_named_and_resources_do_not_overlap_themselves(self):
        found = self.found(
            {
                "1": [resource("vpc", "a", "10.0.0.0/16"), resource("vpc", "a", "10.0.0.0/17")],
                "2": [resource("other", "b", "10.0.4.0/24", "none"), resource("vpc", "c", "10.8.0.0/16")],
            }
        )
        self.assertEqual(found["a"]["overlaps_with"], ["other b (10.0.4.0/24, account 2, none)"])
        self.assertEqual(found["c"]["overlap"], "nonoverlapping")

    def test_a_subnet_overlaps_with_foreign_networks_only(self):
        found = self.found(
            [
                resource("vpc", "v", "10.0.0.0/16", vpc_id="v"),
                resource("subnet", "s", "10.0.1.0/24", vpc_id="v"),
                resource("vpc", "w", "10.0.1.0/25", vpc_id="w"),
                resource("subnet", "t", "10.0.1.0/26", vpc_id="w"),
                resource("eni", "e", "10.0.1.4/32", vpc_id="v"),
            ]
        )
        says = ["subnet t (10.0.1.0/26, account 1, us-east-1)", "vpc w (10.0.1.0/25, account 1, us-east-1)"]
        self.assertEqual(found["s"]["overlaps_with"], says)
        self.assertEqual(found["e"]["overlap"], "nonoverlapping")

    def test_what_is_ignored_counts_nowhere(self):
        two = [resource("vpc", "a", "10.0.0.0/16"), resource("vpc", "b", "10.0.0.0/16")]
        ignore = [{"resource_id": "a", "cidr": "10.0.0.0/16", "region": "us-east-1", "ignored": True}]
        found = self.found(two, [pool("p")], [], [allocation("x", "p", "10.0.0.0/16")], ignore)
        self.assertEqual([found["a"][state] for state in ("management", "compliance", "overlap")], ["ignored"] * 3)
        self.assertEqual((found["b"]["management"], found["b"]["overlap"]), ("managed", "nonoverlapping"))

    def test_what_is_moved_takes_its_subnets_along(self):
        given = [
            resource("vpc", "v", "10.0.0.0/16", vpc_id="v"),
            resource("subnet", "s", "10.0.1.0/24", vpc_id="v"),
            resource("vpc", "w", "10.0.0.0/16", vpc_id="w"),
        ]
        move = [{"resource_id": "v", "cidr": "10.0.0.0/16", "region": "us-east-1", "scope_id": "second"}]
        found = self.found(given, treatments=move)
        self.assertEqual([found[id]["scope_id"] for id in "vsw"], ["second", "second", "private"])
        self.assertEqual({found[id]["overlap"] for id in "vsw"}, {"nonoverlapping"})

    def test_usage_of_a_vpc_is_what_its_subnets_cover(self):
        found = self.found(
            [
                resource("vpc", "v", "10.0.0.0/24"),
                resource("subnet", "s", "10.0.0.0/26", vpc_id="v", usage=0.5),
                resource("subnet", "t", "10.0.0.128/26", vpc_id="v"),
            ]
        )
        self.assertEqual((found["v"]["usage"], found["s"]["usage"]), (0.5, 0.5))


if __name__ == "__main__":
    unittest.main()
