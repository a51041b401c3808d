"""boto3 behind a pipe: one request as JSON on each line of standard input, one answer on each line of standard output."""
import json
import sys
import urllib.parse

import boto3
import botocore.exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

clients = {}


def client_of(request):
    key = tuple(request[part] for part in ("service", "url", "region", "access_key", "secret_key", "session_token"))
    if key not in clients:
        service, url, region, access_key, secret_key, session_token = key
        clients[key] = boto3.session.Session().client(
            service,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=session_token,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
    return clients[key]


def plain(answer):
    answer.pop("ResponseMetadata", None)
    return answer


def raw(request, form):
    """Signs and sends a form that boto3's own model would refuse. Returns status and text of the answer."""
    signed = AWSRequest("POST", request["url"] + "/", data=urllib.parse.urlencode(form))
    signed.headers["Content-Type"] = "application/x-www-form-urlencoded"
    credentials = Credentials(request["access_key"], request["secret_key"])
    SigV4Auth(credentials, "ec2", request["region"]).add_auth(signed)
    answer = URLLib3Session(proxies={}).send(signed.prepare())
    return [answer.status_code, answer.text]


def answer_to(request):
    client = client_of(request)
    arguments = request.get("arguments", {})
    if request["op"] == "call":
        return {"answer": plain(getattr(client, request["action"])(**arguments))}
    if request["op"] == "paginate":
        pages = [plain(page) for page in client.get_paginator(request["action"]).paginate(**arguments)]
        return {"answer": pages}
    if request["op"] == "members":
        shape = client.meta.service_model.shape_for(request["shape"])
        return {"answer": list(shape.members)}
    if request["op"] == "raw":
        return {"answer": raw(request, arguments)}
    raise ValueError(request["op"])


for line in sys.stdin:
    try:
        answer = answer_to(json.loads(line))
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        answer = {"error": dict(error.response["Error"], Status=status)}
    except Exception as error:  # the client itself refused the call, or the connection broke
        answer = {"error": {"Code": type(error).__name__, "Message": str(error), "Status": 0}}
    print(json.dumps(answer, default=str), flush=True)
