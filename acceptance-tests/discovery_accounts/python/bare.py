"""Measures how long the bare calls for the accounts of an EC2 server take.

Standard input: {"url", "accounts": [{"id", "role"}], "regions"}. Standard output: seconds by account, each measured alone.

The calls are those of discovery, with the same pages and as many at a time: the keys of the role first, then all six lists
in all Regions of the account. Clients are made before the clock starts, and the answers are not processed.
"""
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from reach import client, keys_of

LISTS = [
    ("describe_vpcs", 1000),
    ("describe_subnets", 1000),
    ("describe_network_interfaces", 1000),
    ("describe_addresses", None),
    ("describe_public_ipv4_pools", 10),
    ("describe_byoip_cidrs", 100),
]


def ask(ec2, action, size):
    more = {"MaxResults": size} if size else {}
    while True:
        answer = getattr(ec2, action)(**more)
        if not answer.get("NextToken"):
            return
        more["NextToken"] = answer["NextToken"]


def seconds(wish, account):
    keys = keys_of(wish["url"], wish["regions"][0], account["role"])
    clients = [client("ec2", wish["url"], region, keys) for region in wish["regions"]]
    with ThreadPoolExecutor(len(clients) * len(LISTS)) as pool:
        # Starts the threads before the clock starts.
        list(pool.map(lambda _: time.sleep(0.01), range(len(clients) * len(LISTS))))
        begin = time.monotonic()
        if account["role"]:
            keys_of(wish["url"], wish["regions"][0], account["role"])
        asked = [pool.submit(ask, ec2, action, size) for ec2 in clients for action, size in LISTS]
        for one in asked:
            one.result()
        return time.monotonic() - begin


def main():
    wish = json.load(sys.stdin)
    json.dump({account["id"]: seconds(wish, account) for account in wish["accounts"]}, sys.stdout)


if __name__ == "__main__":
    main()
