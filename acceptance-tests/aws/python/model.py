"""Prints botocore's model of the EC2 actions of IPAM as JSON: names on the wire, types, limits, enumerations."""
import json
import re

import botocore.session

NAMES = re.compile(r"Ipam|Byoip|Byoasn|PublicIpv4Pool|Ipv6Pool|^(Create|Delete|Describe)Tags$")
LIMITS = ("min", "max")
# Values that AWS accepts and the pinned botocore does not know.
SINCE = {"IpamPolicyResourceType": ["igw-firewall", "lambda-network-connector"]}

model = botocore.session.get_session().get_service_model("ec2")


def on_the_wire(name, member, sent):
    serialization = member.serialization
    if not sent:
        return serialization.get("name", name)
    if "queryName" in serialization:
        return serialization["queryName"]
    wire = serialization.get("name", name)
    return wire[0].upper() + wire[1:]


def shape_of(shape, sent):
    out = {"type": shape.type_name}
    if shape.type_name == "structure":
        out["members"] = {
            on_the_wire(name, member, sent): {
                "name": name,
                "required": name in shape.required_members,
                "shape": shape_of(member, sent),
            }
            for name, member in shape.members.items()
        }
    elif shape.type_name == "list":
        out["member"] = shape_of(shape.member, sent)
    if getattr(shape, "enum", None):
        out["enum"] = list(shape.enum) + SINCE.get(shape.name, [])
    for limit in LIMITS:
        if limit in shape.metadata:
            out[limit] = shape.metadata[limit]
    return out


def operation(name):
    found = model.operation_model(name)
    empty = {"type": "structure", "members": {}}
    return {
        "input": shape_of(found.input_shape, True) if found.input_shape else empty,
        "output": shape_of(found.output_shape, False) if found.output_shape else empty,
    }


print(json.dumps({name: operation(name) for name in model.operation_names if NAMES.search(name)}))
