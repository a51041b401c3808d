"""Clients of boto3 for the accounts of an EC2 server: one of them by its keys, the others by roles."""
import json
import urllib.request

import boto3
from botocore.config import Config

# Nobody's: the server gives its own account to keys that it does not know.
KEYS = {"aws_access_key_id": "home", "aws_secret_access_key": "secret"}


def client(service, url, region, keys, attempts=1):
    config = Config(retries={"total_max_attempts": attempts}, proxies={}, max_pool_connections=50)
    return boto3.session.Session().client(service, endpoint_url=url, region_name=region, config=config, **keys)


def keys_of(url, region, role):
    """Keys for a role; those of the own account when there is none."""
    if role is None:
        return KEYS
    answer = client("sts", url, region, KEYS).assume_role(RoleArn=role, RoleSessionName="tests")
    found = answer["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def order(url, **what):
    """An order for the launcher of the server."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url + "/order", json.dumps(what).encode())) as answer:
        return json.load(answer)
