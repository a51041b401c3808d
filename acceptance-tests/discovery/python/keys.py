"""Keys for a role: {"url", "region", "role"} on standard input."""
import json
import sys

from reach import keys_of

json.dump(keys_of(**json.load(sys.stdin)), sys.stdout)
