"""Clients of boto3 for the accounts of an EC2 server: one account by its keys, the others by roles."""
import json
import urllib.request

import boto3
from botocore.config import Config

# Keys that the server did not issue: it takes them as keys of its own account.
KEYS = {"aws_access_key_id": "home", "aws_secret_access_key": "secret"}


def client(service, url, region, keys, attempts=1):
    config = Config(retries={"total_max_attempts": attempts}, proxies={}, max_pool_connections=50)
    return boto3.session.Session().client(service, endpoint_url=url, region_name=region, config=config, **keys)


def keys_of(url, region, role):
    """The keys for a role, or the keys of the server's own account without a role."""
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
    """Sends an order to the launcher of the server, and returns the answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url + "/order", json.dumps(what).encode())) as answer:
        return json.load(answer)
