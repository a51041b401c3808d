"""Writes a list of networks with Python's csv module, and describes its content.

Standard input: {"seed", "rows"}. Standard output: {"csv": the text, "json": the same rows for a JSON file, "rows": [{"account",
"region", "cidr", "resource_id", "tags"}]} by account, Region and block.
"""
import csv
import io
import ipaddress
import json
import random
import sys

TEXTS = ["", "plain", 'with "quotes"', "with, comma", "two\nlines", "Köln; Straße", "tab\there", "=1+1"]
wish = json.load(sys.stdin)
dice = random.Random(wish["seed"])
columns = ["cidr", "name", "resource_id", "description", "account", "region", "tags", "resource_type"]
dice.shuffle(columns)
blocks = list(ipaddress.ip_network("10.0.0.0/8").subnets(new_prefix=20))
rows, expected = [], []
for number, block in enumerate(dice.sample(blocks, wish["rows"])):
    tags = {key: dice.choice(["a", "b c", ""]) for key in dice.sample(["team", "site", "env"], dice.randrange(4))}
    row = {
        "cidr": str(block),
        "name": dice.choice(["", f"network {number}"]),
        "resource_id": dice.choice(["", f"net-{number}"]),
        "description": dice.choice(TEXTS),
        "account": dice.choice(["", "azure", "gcp"]),
        "region": dice.choice(["", "west"]),
        "tags": ";".join(f"{key}={value}" for key, value in tags.items()),
        "resource_type": dice.choice(["", "other", "vpc", "subnet"]),
    }
    rows.append(row)
    for key, column in [("Name", "name"), ("Description", "description")]:
        if row[column]:
            tags[key] = row[column]
    found = {"account": row["account"] or "list", "region": row["region"] or "none", "cidr": row["cidr"]}
    expected.append(dict(found, resource_id=row["resource_id"] or row["name"] or row["cidr"], tags=tags))
text = io.StringIO(newline="")
writer = csv.DictWriter(text, columns)
writer.writeheader()
writer.writerows(rows)
expected.sort(key=lambda one: (one["account"], one["region"], ipaddress.ip_network(one["cidr"])))
json.dump({"csv": text.getvalue(), "json": rows, "rows": expected}, sys.stdout)
