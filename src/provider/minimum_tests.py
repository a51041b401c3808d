"""Computes the netmask length for numbers of addresses and hosts with `ipaddress`, and prints those that differ."""

import sys
from ipaddress import ip_network


def count(version, length, of):
    block = ip_network(("0.0.0.0" if version == 4 else "::", length))
    if of == "addresses":
        return block.num_addresses
    if block.num_addresses <= 4096:
        return len(list(block.hosts()))
    return block.num_addresses - (2 if version == 4 else 1)


COUNTS = {
    (version, of): [count(version, length, of) for length in range((32 if version == 4 else 128) + 1)]
    for version in (4, 6)
    for of in ("addresses", "hosts")
}

lines = differences = 0
for line in sys.stdin:
    version, of, number, answer = line.split()
    fitting = [length for length, most in enumerate(COUNTS[int(version), of]) if most >= int(number)]
    expected = str(max(fitting)) if fitting else "none"
    lines += 1
    if expected != answer:
        differences += 1
        print(f"{number} {of} in IPv{version}: /{answer}, and not /{expected}")
print(f"{lines} numbers, {differences} differences")
