"""Derives management, compliance and overlap of discovered resources from the specification, without the provider's code.

In: `scopes`, `pools`, `pool_cidrs` and `allocations` as a store's export has them (`id`, `scope_id`, `pool_id`, `cidr`,
`rules`, ...); `treatments`: [{"resource_id", "cidr", "region", "ignored": true or "scope_id": "..."}]; `samples` as
`expected.py samples` prints them; `first_seen`: times by "resource_cidr_region", where they differ.

Out: a list, by block and resource, of {"resource_id", "cidr", "region", "account_id", "scope_id", "pool_id", "management",
"compliance", "reasons", "overlap", "overlaps_with", "usage"}. `reasons` are not sentences but topics:
"netmask_length", "tag <key>", "locale".
"""
import ipaddress

PUBLIC = {"eip", "public-ipv4-pool", "ipv6-pool", "anycast-ip-list"}
OWN_SPACE = {"vpc", "other"}
LOCAL = ipaddress.ip_network("fc00::/7")


def share(a, b):
    return a.version == b.version and a.overlaps(b)


class Seen:
    """A block on a resource."""

    def __init__(self, account, record, first_seen):
        self.account, self.region = account, record["region"]
        self.kind, self.id = record["resource_type"], record["resource_id"]
        self.block = ipaddress.ip_network(record["cidr"])
        self.vpc, self.tags, self.usage = record.get("vpc_id"), record["tags"], record.get("usage")
        self.first_seen = first_seen.get(self.key(), "")
        self.ignored, self.scope, self.manager = False, None, None

    def key(self):
        return f"{self.id}_{self.block}_{self.region}"

    def resource(self):
        return (self.account, self.region, self.id)

    def age(self):
        return (self.first_seen, self.account, self.region, self.id)

    def words(self):
        return f"{self.kind} {self.id} ({self.block}, account {self.account}, {self.region})"


class Claim:
    """A claim that can manage a block: an allocation, or the space of a pool."""

    def __init__(self, pool, block, name, id, resource=None, space_of=None):
        self.pool, self.block, self.name, self.id = pool, ipaddress.ip_network(block), name, id
        self.resource, self.space_of = resource, space_of

    def words(self):
        return f'allocation "{self.name}" ({self.block}, {self.id})'


class World:
    def __init__(self, given):
        self.pools = {pool["id"]: pool for pool in given["pools"]}
        self.private = next(one["id"] for one in given["scopes"] if one["is_default"] and one["scope_type"] == "private")
        self.public = next(one["id"] for one in given["scopes"] if one["is_default"] and one["scope_type"] == "public")
        self.claims = [self.claim(one) for one in given["allocations"] if one.get("state", "active") == "active"]
        self.claims = [claim for claim in self.claims if claim]
        for one in given["pool_cidrs"]:
            pool = self.pools[one["pool_id"]]
            if pool.get("source_pool_id") is None and one.get("state", "active") == "active":
                self.claims.append(Claim(pool, one["cidr"], pool.get("name"), one.get("id"), space_of=pool["id"]))
        first_seen = given.get("first_seen", {})
        self.seen = [Seen(one["account_id"], r, first_seen) for one in given["samples"] for r in one["resources"]]
        self.place(given.get("treatments", []))
        for one in self.seen:
            one.manager = None if one.ignored else self.manager(one)

    def claim(self, one):
        pool, kind = self.pools[one["pool_id"]], one["resource_type"]
        if kind == "ipam-pool":
            return Claim(pool, one["cidr"], one.get("name"), one["id"], space_of=one["resource_id"])
        if kind in ("custom", "vpc"):
            return Claim(pool, one["cidr"], one.get("name"), one["id"], resource=one.get("resource_id"))
        return None

    def place(self, treatments):
        """Sets the scope of each block, and applies the treatments: ignored or moved."""
        treated = {f"{one['resource_id']}_{one['cidr']}_{one['region']}": one for one in treatments}
        moved = {}
        for one in self.seen:
            outside = one.block.version == 6 and not one.block.subnet_of(LOCAL)
            is_public = one.kind in PUBLIC or outside
            one.scope = self.public if is_public else self.private
            treatment = treated.get(one.key()) if not is_public else None
            if treatment and treatment.get("ignored"):
                one.ignored = True
            if treatment and treatment.get("scope_id") and one.kind == "vpc":
                one.scope = treatment["scope_id"]
                moved.setdefault((one.account, one.region, one.id), []).append(one)
        for one in self.seen:
            if one.kind in ("subnet", "eni") and one.scope == self.private:
                for vpc in moved.get((one.account, one.region, one.vpc), []):
                    if one.block.version == vpc.block.version and one.block.subnet_of(vpc.block):
                        one.scope = vpc.scope

    def manager(self, one):
        equal = [c for c in self.claims if c.pool["scope_id"] == one.scope and c.block == one.block]
        named = [c for c in equal if c.resource == one.id and not c.space_of]
        open_to_all = [c for c in equal if c.space_of or c.resource is None]
        rivals = [r for r in self.seen if r.block == one.block and r.scope == one.scope and not r.ignored]
        if one.kind != "vpc" and any(rival.kind == "vpc" for rival in rivals):
            open_to_all = []
        elif min((r for r in rivals if r.kind == one.kind), key=Seen.age) is not one:
            open_to_all = []
        found = named + [c for c in open_to_all if c not in named]

        def closeness(claim):
            return (claim.resource == one.id, claim.space_of is None, len(self.above(claim.pool)))

        return max(found, key=closeness, default=None)

    def above(self, pool):
        chain = []
        while pool:
            chain.append(pool["id"])
            pool = self.pools.get(pool.get("source_pool_id"))
        return chain

    def compliance(self, one):
        claim = one.manager
        if claim is None:
            return "unmanaged", []
        pool = self.pools[claim.space_of] if claim.space_of else claim.pool
        rules, reasons, length = pool.get("rules", {}), [], one.block.prefixlen
        if not claim.space_of:
            least, most = rules.get("min_netmask_length"), rules.get("max_netmask_length")
            if (least is not None and length < least) or (most is not None and length > most):
                reasons.append("netmask_length")
            required = rules.get("required_tags", {}).items()
            reasons += [f"tag {key}" for key, value in sorted(required) if one.tags.get(key) != value]
        if pool.get("locale") and pool["locale"] != one.region:
            reasons.append("locale")
        return ("noncompliant" if reasons else "compliant"), reasons

    def others(self, one):
        """Sightings that overlap `one`."""
        for other in self.seen:
            if other.ignored or other.scope != one.scope or other.resource() == one.resource():
                continue
            if not share(other.block, one.block):
                continue
            if one.kind in OWN_SPACE and other.kind in OWN_SPACE:
                yield other
            if one.kind == "subnet":
                is_own = (other.account, other.region) == (one.account, one.region)
                if other.kind == "vpc" and not (is_own and other.id == one.vpc):
                    yield other
                if other.kind == "subnet" and not (is_own and other.vpc == one.vpc):
                    yield other
            if one.kind == other.kind == "public-ipv4-pool" and one.block == other.block and one.account != other.account:
                yield other

    def allocations(self, one):
        """Allocations that overlap `one`."""
        if one.kind not in OWN_SPACE and one.kind != "subnet":
            return
        managers = [one.manager]
        if one.kind == "subnet":
            spot = (one.account, one.region, one.vpc)
            managers += [vpc.manager for vpc in self.seen if vpc.kind == "vpc" and vpc.resource() == spot and share(vpc.block, one.block)]
        managers = [claim for claim in managers if claim]
        spaces = {claim.space_of for claim in managers if claim.space_of}
        for claim in self.claims:
            if claim.space_of or claim in managers or claim.pool["scope_id"] != one.scope:
                continue
            if share(claim.block, one.block) and not spaces & set(self.above(claim.pool)):
                yield claim

    def usage(self, one):
        if one.kind != "vpc":
            return one.usage
        if one.block.version == 6:
            return None
        spot = (one.account, one.region, one.id)
        inside = [
            subnet.block
            for subnet in self.seen
            if subnet.kind == "subnet"
            and (subnet.account, subnet.region, subnet.vpc) == spot
            and subnet.block.version == 4
            and subnet.block.subnet_of(one.block)
        ]
        return sum(block.num_addresses for block in ipaddress.collapse_addresses(inside)) / one.block.num_addresses

    def finding(self, one):
        found = {
            "resource_id": one.id,
            "cidr": str(one.block),
            "region": one.region,
            "account_id": one.account,
            "scope_id": one.scope,
            "usage": self.usage(one),
        }
        if one.ignored:
            states = {"management": "ignored", "compliance": "ignored", "overlap": "ignored"}
            return dict(found, pool_id=None, reasons=[], overlaps_with=[], **states)
        compliance, reasons = self.compliance(one)
        with_what = sorted([other.words() for other in self.others(one)] + [c.words() for c in self.allocations(one)])
        claim = one.manager
        return dict(
            found,
            pool_id=claim and (claim.space_of or claim.pool["id"]),
            management="managed" if claim else "unmanaged",
            compliance=compliance,
            reasons=reasons,
            overlap="overlapping" if with_what else "nonoverlapping",
            overlaps_with=with_what,
        )


def findings(given):
    world = World(given)

    def place(one):
        return (one.block.version, int(one.block.network_address), one.block.prefixlen, one.id, one.account, one.region)

    return [world.finding(one) for one in sorted(world.seen, key=place)]
