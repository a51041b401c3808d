"""The expected results of discovery, without the provider's code: boto3 lists, Python's ipaddress compares.

    expected.py samples   <  {"url", "accounts": [{"id", "role"}], "regions", "resource_types": [], "exclusions": {}}
    expected.py findings  <  {"scopes", "pools", "pool_cidrs", "allocations", "treatments", "samples", "first_seen"}

Both print JSON to standard output. The first calls an EC2 server; the `resources` and `addresses` of its answer are the
records of the provider's stores except their times. The second needs no server: it runs `findings.py`.
"""
import ipaddress
import json
import sys

import findings
from reach import client, keys_of

# Names that the descriptions of services' interfaces begin with, and the requesters of these interfaces.
BEGINNINGS = {
    "ELB ": "load-balancer",
    "Interface for NAT Gateway ": "nat-gateway",
    "RDSNetworkInterface": "relational-database-service",
    "RedshiftNetworkInterface": "redshift",
    "DMSNetworkInterface": "database-migration-service",
    "GlobalAccelerator": "global-accelerator",
}
REQUESTERS = {
    "amazon-elb": "load-balancer",
    "amazon-rds": "relational-database-service",
    "amazon-redshift": "redshift",
}
TYPES = {
    "nat_gateway": "nat-gateway",
    "network_load_balancer": "load-balancer",
    "gateway_load_balancer": "load-balancer",
    "load_balancer": "load-balancer",
    "global_accelerator_managed": "global-accelerator",
}
MANAGED = {"alb": "load-balancer", "nlb": "load-balancer", "rds": "relational-database-service", "rnat": "nat-gateway"}


def tags_of(listed):
    return {tag["Key"]: tag["Value"] for tag in listed or []}


def private_source(block):
    """The source: "none" for private addresses; None for other IPv6 addresses, whose source an interface does not show."""
    network = ipaddress.ip_network(block)
    if network.version == 6 and not network.subnet_of(ipaddress.ip_network("fc00::/7")):
        return None
    return "none"


def everything(ec2):
    """All lists of an account and Region, without pages."""
    return {
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "subnets": ec2.describe_subnets()["Subnets"],
        "interfaces": ec2.describe_network_interfaces()["NetworkInterfaces"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "pools": ec2.describe_public_ipv4_pools()["PublicIpv4Pools"],
        "byoip": ec2.describe_byoip_cidrs(MaxResults=100)["ByoipCidrs"],
    }


class Place:
    def __init__(self, account, region, lists, wish):
        self.account, self.region, self.lists = account, region, lists
        self.kinds, self.out = wish.get("resource_types") or [], wish.get("exclusions") or {}
        self.brought = [ipaddress.ip_network(one["Cidr"]) for one in lists["byoip"]]
        self.leave_out()

    def leave_out(self):
        """Excludes resources, and with each excluded container its content."""
        gone, tags = set(self.out.get("resource_ids", [])), self.out.get("tags", {})

        def stays(own, containers, listed):
            tagged = any(tags.get(key) == value for key, value in tags_of(listed).items())
            if tagged or gone & {own, *containers}:
                gone.add(own)
                return False
            return True

        def instance(one):
            return one.get("Attachment", {}).get("InstanceId")

        keep = self.lists
        keep["vpcs"] = [one for one in keep["vpcs"] if stays(one["VpcId"], [], one["Tags"])]
        keep["subnets"] = [one for one in keep["subnets"] if stays(one["SubnetId"], [one["VpcId"]], one["Tags"])]
        keep["interfaces"] = [
            one
            for one in keep["interfaces"]
            if stays(one["NetworkInterfaceId"], [one["SubnetId"], one["VpcId"], instance(one)], one["TagSet"])
        ]
        keep["addresses"] = [
            one
            for one in keep["addresses"]
            if stays(one["AllocationId"], [one.get("NetworkInterfaceId"), one.get("InstanceId") or None], one["Tags"])
        ]
        keep["pools"] = [one for one in keep["pools"] if stays(one["PoolId"], [], one.get("Tags"))]

    def resource(self, kind, id, block, tags, **more):
        found = {
            "region": self.region,
            "resource_id": id,
            "resource_type": kind,
            "owner_id": self.account,
            "cidr": block,
            "tags": tags,
        }
        return dict(found, **{key: value for key, value in more.items() if value is not None})

    def vpcs(self):
        for vpc in self.lists["vpcs"]:
            id, tags = vpc["VpcId"], tags_of(vpc["Tags"])
            for one in vpc["CidrBlockAssociationSet"]:
                if one["CidrBlockState"]["State"] == "associated":
                    yield self.resource("vpc", id, one["CidrBlock"], tags, vpc_id=id, ip_source="none")
            for one in vpc["Ipv6CidrBlockAssociationSet"]:
                if one["Ipv6CidrBlockState"]["State"] == "associated":
                    block = str(ipaddress.ip_network(one["Ipv6CidrBlock"]))
                    source = one.get("IpSource") or private_source(block)
                    yield self.resource("vpc", id, block, tags, vpc_id=id, ip_source=source)

    def subnets(self):
        for subnet in self.lists["subnets"]:
            id, tags = subnet["SubnetId"], tags_of(subnet["Tags"])
            spot = {"vpc_id": subnet["VpcId"], "subnet_id": id, "availability_zone_id": subnet["AvailabilityZoneId"]}
            if subnet.get("CidrBlock"):
                size = ipaddress.ip_network(subnet["CidrBlock"]).num_addresses
                usage = (size - subnet["AvailableIpAddressCount"]) / size
                yield self.resource("subnet", id, subnet["CidrBlock"], tags, usage=usage, ip_source="none", **spot)
            for one in subnet["Ipv6CidrBlockAssociationSet"]:
                if one["Ipv6CidrBlockState"]["State"] == "associated":
                    block = str(ipaddress.ip_network(one["Ipv6CidrBlock"]))
                    source = one.get("IpSource") or private_source(block)
                    yield self.resource("subnet", id, block, tags, ip_source=source, **spot)

    def interfaces(self):
        for interface in self.lists["interfaces"]:
            private = [one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"]]
            for address in private + [one["Ipv6Address"] for one in interface["Ipv6Addresses"]]:
                block = str(ipaddress.ip_network(address))
                yield self.resource(
                    "eni",
                    interface["NetworkInterfaceId"],
                    block,
                    tags_of(interface["TagSet"]),
                    ip_source=private_source(block),
                    vpc_id=interface["VpcId"],
                    subnet_id=interface["SubnetId"],
                    attachment="available" if interface["Status"] == "available" else "in-use",
                    instance_id=interface.get("Attachment", {}).get("InstanceId"),
                )

    def is_brought(self, address, pool=None):
        within = any(ipaddress.ip_address(address) in network for network in self.brought)
        return within or (pool or "").startswith("ipv4pool-ec2-")

    def interface_of(self, id):
        return next((one for one in self.lists["interfaces"] if one["NetworkInterfaceId"] == id), None)

    def elastic_ips(self):
        for one in self.lists["addresses"]:
            interface = self.interface_of(one.get("NetworkInterfaceId")) or {}
            source = "byoip" if self.is_brought(one["PublicIp"], one.get("PublicIpv4Pool")) else "amazon"
            yield self.resource(
                "eip",
                one["AllocationId"],
                one["PublicIp"] + "/32",
                tags_of(one["Tags"]),
                ip_source=source,
                vpc_id=interface.get("VpcId"),
                subnet_id=interface.get("SubnetId"),
                instance_id=one.get("InstanceId") or None,
            )

    def pools(self):
        for pool in self.lists["pools"]:
            for part in pool["PoolAddressRanges"]:
                first, last = (ipaddress.ip_address(part[end]) for end in ("FirstAddress", "LastAddress"))
                usage = (part["AddressCount"] - part["AvailableAddressCount"]) / part["AddressCount"]
                for network in ipaddress.summarize_address_range(first, last):
                    found = {"ip_source": "byoip", "usage": usage}
                    yield self.resource("public-ipv4-pool", pool["PoolId"], str(network), tags_of(pool.get("Tags")), **found)

    def ranges(self):
        for one in self.lists["byoip"]:
            if ipaddress.ip_network(one["Cidr"]).version == 6:
                yield self.resource("ipv6-pool", one.get("PoolId", one["Cidr"]), one["Cidr"], {}, ip_source="byoip")

    def resources(self):
        lists = [self.vpcs(), self.subnets(), self.interfaces(), self.elastic_ips(), self.pools(), self.ranges()]
        found = [one for each in lists for one in each if not self.kinds or one["resource_type"] in self.kinds]

        def place(one):
            network = ipaddress.ip_network(one["cidr"])
            order = ["vpc", "subnet", "eip", "public-ipv4-pool", "ipv6-pool", "eni"].index(one["resource_type"])
            return (network.version, int(network.network_address), network.prefixlen, order, one["resource_id"])

        return sorted(found, key=place)

    def service(self, elastic, interface):
        if elastic and elastic.get("ServiceManaged"):
            return MANAGED[elastic["ServiceManaged"]]
        if not interface:
            return None
        if interface["InterfaceType"] in TYPES:
            return TYPES[interface["InterfaceType"]]
        if not interface.get("RequesterManaged"):
            return None
        description = interface["Description"]
        if description.startswith("arn:") and ":ecs:" in description:
            return "elastic-container-service"
        begins = [service for begin, service in BEGINNINGS.items() if description.startswith(begin)]
        return (begins + [REQUESTERS.get(interface.get("RequesterId"), "other")])[0]

    def address_type(self, address, elastic, interface, service):
        pool = (elastic or {}).get("PublicIpv4Pool", "")
        brought = self.is_brought(address, pool)
        if elastic:
            if elastic.get("ServiceManaged"):
                return "service-managed-byoip" if brought else "service-managed-ip"
            if brought:
                return "byoip"
            return "amazon-owned-contig" if pool.startswith("ipam-pool-") else "amazon-owned-eip"
        if service or interface["Association"]["IpOwnerId"].startswith("amazon-"):
            return "service-managed-byoip" if brought else "service-managed-ip"
        return "byoip" if brought else "ec2-public-ip"

    def public_address(self, address, elastic, interface):
        service = self.service(elastic, interface)
        on, elastic_tags = interface or {}, tags_of((elastic or {}).get("Tags"))
        text = on.get("Description") or ""
        resource = None
        if on.get("InterfaceType") == "nat_gateway" or on.get("RequesterManaged"):
            for begin in ("Interface for NAT Gateway ", "ELB "):
                if text.startswith(begin):
                    resource = text[len(begin) :]
            if text.startswith("arn:"):
                resource = text
        of = elastic or {}
        pool = of.get("PublicIpv4Pool")
        instance = of.get("InstanceId") or on.get("Attachment", {}).get("InstanceId")
        used = not elastic or any(of.get(key) for key in ("AssociationId", "NetworkInterfaceId", "InstanceId"))
        found = {
            "address": address,
            "region": self.region,
            "address_type": self.address_type(address, elastic, interface, service),
            "association": "associated" if used else "disassociated",
            "owner_id": self.account,
            "allocation_id": of.get("AllocationId"),
            "service": service,
            "service_resource": resource,
            "vpc_id": on.get("VpcId"),
            "subnet_id": on.get("SubnetId"),
            "public_ipv4_pool_id": None if pool == "amazon" else pool,
            "network_interface_id": of.get("NetworkInterfaceId") or on.get("NetworkInterfaceId"),
            "network_interface_description": text or None,
            "instance_id": instance,
            "network_border_group": of.get("NetworkBorderGroup"),
            "security_groups": {one["GroupId"]: one["GroupName"] for one in on.get("Groups", [])},
            "tags": elastic_tags,
        }
        return {key: value for key, value in found.items() if value is not None}

    def addresses(self):
        if self.kinds and "eip" not in self.kinds:
            return []
        elastic = {one["PublicIp"]: one for one in self.lists["addresses"]}
        carried = {}
        for interface in self.lists["interfaces"]:
            association = interface.get("Association", {})
            if "PublicIp" in association:
                is_left_out = association.get("AllocationId") and association["PublicIp"] not in elastic
                if not is_left_out:
                    carried[association["PublicIp"]] = interface
        every = sorted({*elastic, *carried}, key=ipaddress.ip_address)
        return [self.public_address(one, elastic.get(one), carried.get(one)) for one in every]


def samples(wish):
    found = []
    for account in wish["accounts"]:
        if account["id"] in (wish.get("exclusions") or {}).get("account_ids", []):
            continue
        keys = keys_of(wish["url"], wish["regions"][0], account["role"])
        for region in wish["regions"]:
            place = Place(account["id"], region, everything(client("ec2", wish["url"], region, keys)), wish)
            sample = {"resources": place.resources(), "addresses": place.addresses()}
            found.append(dict(sample, account_id=account["id"], region=region))
    return found


if __name__ == "__main__":
    work = {"samples": samples, "findings": findings.findings}[sys.argv[1]]
    json.dump(work(json.load(sys.stdin)), sys.stdout)
