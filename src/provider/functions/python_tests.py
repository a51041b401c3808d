"""Computes the answers of the provider's functions with `ipaddress`, and prints those that differ."""

import json
import sys
from ipaddress import collapse_addresses, ip_address, ip_network, summarize_address_range


def networks(texts):
    return [ip_network(text) for text in texts]


def subtract(keep, remove):
    rest = set(collapse_addresses(networks(keep)))
    for gone in collapse_addresses(networks(remove)):
        for block in list(rest):
            if block.subnet_of(gone):
                rest.remove(block)
            elif gone.subnet_of(block):
                rest.remove(block)
                rest.update(block.address_exclude(gone))
    return list(collapse_addresses(rest))


def intersect(a, b):
    pairs = [(x, y) for x in networks(a) for y in networks(b) if x.overlaps(y)]
    return list(collapse_addresses([x if x.subnet_of(y) else y for x, y in pairs]))


def supernet(texts):
    blocks = networks(texts)
    whole = blocks[0]
    while not all(block.subnet_of(whole) for block in blocks):
        whole = whole.supernet()
    return whole


def at(cidr, length, index):
    block = ip_network(cidr)
    first = int(block.network_address) + (int(index) << (block.max_prefixlen - int(length)))
    return ip_network((first, int(length)))


def hosts(cidr):
    block = ip_network(cidr)
    if block.num_addresses <= 4096:
        usable = list(block.hosts())
        first, last, count = usable[0], usable[-1], len(usable)
    else:
        edge = 1 if block.version == 4 else 0
        first, last = next(iter(block.hosts())), block.broadcast_address - edge
        count = block.num_addresses - 1 - edge
    gateway = None if block.num_addresses == 1 else first
    return {"first": first, "last": last, "count": str(count), "gateway": gateway}


def info(cidr):
    block = ip_network(cidr)
    return {
        "cidr": block,
        "address_family": f"ipv{block.version}",
        "netmask_length": str(block.prefixlen),
        "netmask": block.netmask if block.version == 4 else None,
        "first_address": block.network_address,
        "last_address": block.broadcast_address,
        "address_count": str(block.num_addresses),
    }


def overlap(texts):
    blocks = networks(texts)
    return any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[:i])


def valid(text):
    try:
        ip_network(text)
    except ValueError:
        return False
    return "/" in text


FUNCTIONS = {
    "cidr_contains": lambda a, b: ip_network(b).subnet_of(ip_network(a)),
    "cidr_overlaps": lambda a, b: ip_network(a).overlaps(ip_network(b)),
    "cidrs_overlap": overlap,
    "ip_in": lambda ip, cidrs: any(ip_address(ip) in cidr for cidr in networks(cidrs)),
    "cidr_info": info,
    "cidr_hosts": hosts,
    "range_to_cidrs": lambda a, b: list(summarize_address_range(ip_address(a), ip_address(b))),
    "cidr_merge": lambda cidrs: list(collapse_addresses(networks(cidrs))),
    "cidr_subtract": subtract,
    "cidr_intersect": intersect,
    "cidr_supernet": supernet,
    "cidr_sort": lambda cidrs: sorted(networks(cidrs)),
    "cidr_split": lambda cidr, length: list(ip_network(cidr).subnets(new_prefix=int(length))),
    "cidr_at": at,
    "cidr_valid": valid,
}


def same(found, expected):
    """Compares values and not texts: IPv6 has several texts for one address."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict):
        return all(same(found[name], value) for name, value in expected.items())
    if expected is None or isinstance(expected, (bool, str)):
        return found == expected
    return type(expected)(found) == expected


calls, differences = 0, []
for line in sys.stdin:
    call = json.loads(line)
    expected = FUNCTIONS[call["function"]](*call["arguments"])
    if not same(call["answer"], expected):
        differences.append(f"{line.strip()} but Python says {expected}")
    calls += 1
for difference in differences[:5]:
    print(difference)
print(calls, "calls,", len(differences), "differences")
