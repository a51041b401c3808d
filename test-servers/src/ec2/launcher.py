"""Extends moto by the features that tests of discovery need and moto lacks: pages, BYOIP ranges, and failures.

VPCs, subnets, network interfaces, Elastic IP addresses and accounts are those of moto. An order is JSON sent to POST /order:

    {"order": "latency", "seconds": 0.1}          a pause before every answer of EC2 and STS
    {"order": "page", "items": 20}                the most items on a page, whatever MaxResults is; 0: MaxResults alone counts
    {"order": "freeze", "is": true}               the same request gets the same answer again without work, so that moto's own
                                                  time is negligible compared with the latency
    {"order": "trouble", "role": "arn of AssumeRole", "code": "...", "message": "...", "account": "...", "region": "...", "action": "DescribeVpcs",
     "times": 3, "status": 400, "late_by": 0}     an omitted member matches all; without times the rule stays forever
    {"order": "expire", "account": "...", "region": "...", "action": "...", "times": 1}   lets page tokens expire when clients return them
    {"order": "byoip", "account": "...", "region": "...", "ranges": [{"Cidr": "...", ...}]}
    {"order": "pools", "account": "...", "region": "...", "pools": [{"PoolId": "...", ...}]}
    {"order": "set", "account": "...", "region": "...", "id": "eni-... or eipalloc-...", "values": {"description": "..."}}
    {"order": "calls", "account": "..."}          returns the calls, and the most that were in progress at the same time
    {"order": "forget"}                           forgets the calls
"""
import functools
import itertools
import json
import threading
import time
from xml.sax.saxutils import escape

from moto.core import responses
from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.responses import EC2Response
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import main
from moto.sts.responses import TokenResponse

# Smallest and largest MaxResults of EC2; DescribeAddresses has no pages.
PAGES = {
    "describe_vpcs": (5, 1000),
    "describe_subnets": (5, 1000),
    "describe_network_interfaces": (5, 1000),
    "describe_public_ipv4_pools": (1, 10),
    "describe_byoip_cidrs": (1, 100),
}

lock = threading.Lock()
state = {"latency": 0, "page": 0, "frozen": None}
troubles, expiries, calls, in_the_air, most = [], [], [], {}, {}
byoip, pools, tokens = {}, {}, {}
numbers = itertools.count(1)


class Refused(Exception):
    def __init__(self, code, message, status=400):
        self.code, self.message, self.status = code, message, status


def matches(rule, account, region, action):
    spot = {"account": account, "region": region, "action": action}
    return all(rule.get(part) in (None, value) for part, value in spot.items())


def take(rules, account, region, action, role=None):
    """Returns the first rule for this call, and removes a rule that has been used as often as its `times`."""
    with lock:
        for rule in rules:
            if matches(rule, account, region, action) and rule.get("role") in (None, role):
                if rule.get("times") is not None:
                    rule["times"] -= 1
                    if rule["times"] <= 0:
                        rules.remove(rule)
                return rule
    return None


def count(account, by):
    with lock:
        in_the_air[account] = in_the_air.get(account, 0) + by
        most[account] = max(most.get(account, 0), in_the_air[account])


def text_of(refused, service):
    error = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.message)}</Message>"
    if service == "sts":
        return f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>1</RequestId></ErrorResponse>"
    return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>1</RequestID></Response>"


def watched(service, call_action):
    def call(self):
        account, region, action = self.current_account, self.region, self._get_action()
        role = self._get_param("RoleArn")
        # Calls of STS are few; only calls of EC2 count as being in progress at the same time.
        weight = 1 if service == "ec2" else 0
        count(account, weight)
        try:
            with lock:
                calls.append({"account": account, "region": region, "action": action, "role": role})
            time.sleep(state["latency"])
            rule = take(troubles, account, region, action, role)
            if rule is not None:
                time.sleep(rule.get("late_by", 0))
                if "code" in rule:
                    raise Refused(rule["code"], rule.get("message", "It is refused."), rule.get("status", 400))
            return answer_of(self, account, region, action, call_action)
        except Refused as refused:
            return refused.status, {"status": str(refused.status)}, text_of(refused, service)
        finally:
            count(account, -weight)

    return call


def answer_of(self, account, region, action, call_action):
    """The answer of moto or, while it is frozen, the one that the same request got before."""
    if state["frozen"] is None or not action.startswith("Describe"):
        return call_action(self)
    question = (account, region, action, str(self._get_param("MaxResults")), str(self._get_param("NextToken")))
    if question not in state["frozen"]:
        state["frozen"][question] = call_action(self)
    return state["frozen"][question]


def begin_of(token, spot):
    if not token:
        return 0
    if take(expiries, *spot) is not None:
        raise Refused("InvalidNextToken", "The token has expired.")
    if tokens.get(token, (None,))[0] != spot:
        raise Refused("InvalidNextToken", "The token is not of this list.")
    return tokens[token][1]


def paged(method, bounds):
    least, largest = bounds

    def page(self):
        wished, token = self._get_param("MaxResults"), self._get_param("NextToken")
        if wished is None and method.__name__ == "describe_byoip_cidrs":
            raise Refused("MissingParameter", "The request must contain the parameter MaxResults.")
        size = int(wished) if wished is not None else None
        if size is not None and not least <= size <= largest:
            raise Refused("InvalidParameterValue", f"MaxResults is from {least} to {largest}.")
        spot = (self.current_account, self.region, self._get_action())
        begin = begin_of(token, spot)
        (name, items), = method(self).result.items()
        items = list(items)
        end = len(items) if size is None else begin + min(size, state["page"] or size)
        answer = {name: items[begin:end]}
        if end < len(items):
            answer["NextToken"] = f"token-{next(numbers)}"
            tokens[answer["NextToken"]] = (spot, end)
        return ActionResult(answer)

    return page


def describe_byoip_cidrs(self):
    return ActionResult({"ByoipCidrs": byoip.get((self.current_account, self.region), [])})


def describe_public_ipv4_pools(self):
    return ActionResult({"PublicIpv4Pools": pools.get((self.current_account, self.region), [])})


EC2Response.describe_byoip_cidrs = describe_byoip_cidrs
EC2Response.describe_public_ipv4_pools = describe_public_ipv4_pools
for listed, bounds in PAGES.items():
    setattr(EC2Response, listed, paged(getattr(EC2Response, listed), bounds))
for service, answering in [("ec2", EC2Response), ("sts", TokenResponse)]:
    answering.call_action = watched(service, answering.call_action)

# moto looks up all of them in each call, which takes a fifth of its time.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)

association = NetworkInterface.association


def owned(self):
    """Adds the owner of a public address: for moto every address belongs to the account."""
    found = association.fget(self)
    if found:
        is_elastic = found.get("allocationId")
        owner = getattr(self, "ip_owner", None) or (self.ec2_backend.account_id if is_elastic else "amazon")
        found = dict(found, ipOwnerId=owner)
    return found


NetworkInterface.association = property(owned)


def set_values(backend, id, values):
    found = backend.enis.get(id)
    if found is None:
        found = next(address for address in backend.addresses if address.allocation_id == id)
    for name, value in values.items():
        setattr(found, name, value)


def obey(order):
    name = order.pop("order")
    spot = (order.get("account"), order.get("region"))
    if name == "latency":
        state["latency"] = order["seconds"]
    elif name == "page":
        state["page"] = order["items"]
    elif name == "freeze":
        state["frozen"] = {} if order["is"] else None
    elif name == "trouble":
        troubles.append(order)
    elif name == "expire":
        expiries.append(order)
    elif name == "byoip":
        byoip[spot] = order["ranges"]
    elif name == "pools":
        pools[spot] = order["pools"]
    elif name == "set":
        set_values(ec2_backends[order["account"]][order["region"]], order["id"], order["values"])
    elif name == "calls":
        of_account = [call for call in calls if order.get("account") in (None, call["account"])]
        return {"calls": of_account, "most": most.get(order.get("account"), 0)}
    elif name == "forget":
        calls.clear()
        most.clear()
    else:
        raise ValueError(name)
    return {}


dispatch = DomainDispatcherApplication.__call__


def dispatched(self, environ, start_response):
    if environ.get("PATH_INFO") != "/order":
        return dispatch(self, environ, start_response)
    try:
        order = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        status, answer = "200 OK", obey(order)
    except Exception as error:
        status, answer = "400 BAD REQUEST", {"error": f"{type(error).__name__}: {error}"}
    body = json.dumps(answer).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


DomainDispatcherApplication.__call__ = dispatched
main()
