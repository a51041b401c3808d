"""Compares what the core does with allocation sets with a naive model of a pool: a dictionary of networks.

Standard input has one JSON object for each change of a set. The exit status is 0 if every change is right."""

import ipaddress
import json
import sys


def network(text):
    return ipaddress.ip_network(text)


def free(block, taken):
    """The largest blocks inside `block` that share no address with a taken one."""
    inside = [other for other in taken if other.overlaps(block)]
    if not inside:
        yield block
    elif block not in inside:
        for half in block.subnets():
            yield from free(half, inside)


def best_fit(pool, taken, length):
    """The start of the smallest free block that is large enough; among equals the lowest."""
    fitting = [block for block in free(pool, taken) if block.prefixlen <= length]
    block = min(fitting, key=lambda block: (-block.prefixlen, block.network_address))
    return next(block.subnets(new_prefix=length))


def check_new(pool, change, after):
    """A new set in an empty pool gets exactly these blocks."""
    order = sorted(change["members"], key=lambda key: (change["members"][key] if change["largest_first"] else 0, key))
    taken = []
    for key in order:
        expected = best_fit(pool, taken, change["members"][key])
        assert after[key] == expected, f"{key}: {after[key]}, not {expected}"
        taken.append(expected)


def check_change(pool, change):
    before = {key: network(text) for key, text in change["before"].items()}
    after = {key: network(text) for key, text in change["after"].items()}
    assert after.keys() == change["members"].keys(), "other members than those of the map"
    blocks = sorted(after.values())
    for one, next_one in zip(blocks, blocks[1:]):
        assert not one.overlaps(next_one), f"{one} and {next_one} overlap"
    for key, block in after.items():
        length = change["members"][key]
        assert block.prefixlen == length, f"{key} has {block}, not /{length}"
        assert block.subnet_of(pool), f"{key} has {block}, outside the pool"
        old = before.get(key)
        if old is None:
            continue
        if old.prefixlen == length:
            assert block == old, f"{key} moved from {old} to {block} and was not resized"
        elif old.prefixlen < length:
            assert block.subnet_of(old), f"{key} shrank out of {old} to {block}"
        else:
            grown = old.supernet(new_prefix=length)
            others = [other for name, other in before.items() if name != key and name in after]
            is_free = not any(other.overlaps(grown) for other in others)
            # A member that moves away in the same change may also leave the space.
            assert block == grown or not is_free, f"{key} moved from {old} to {block}, and {grown} was free"
    if not before:
        check_new(pool, change, after)


def main():
    changes = 0
    for line in sys.stdin:
        change = json.loads(line)
        try:
            check_change(network(change["pool"]), change)
        except AssertionError as error:
            sys.exit(f"{error}\n{line}")
        changes += 1
    print(changes)


main()
