"""Prints keys for a role. Standard input: {"url", "region", "role"}."""
import json
import sys

from reach import keys_of

json.dump(keys_of(**json.load(sys.stdin)), sys.stdout)
