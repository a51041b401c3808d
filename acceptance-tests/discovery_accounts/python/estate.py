"""Fills an EC2 server of moto with networks such as a company has after some years. Every run makes the same networks.

Standard input: {"url", "accounts": [{"id", "role"}], "regions"}. Standard output: numbers of objects that were made.

Each account and Region gets sixteen VPCs in addition to the default one, with ten subnets each. Some VPCs of all places have
the same addresses. Some blocks are larger or smaller than the address plan allows, and some tags are missing. There are
second blocks, IPv6 blocks and a disassociated block; interfaces, and instances with public addresses; Elastic IP addresses on
them, on NAT gateways and on load balancers, and idle ones; addresses that services manage; and a BYOIP range.
"""
import ipaddress
import json
import random
import sys
import urllib.request

from reach import client, keys_of, order

VPCS, SUBNETS, ELASTIC = 16, 10, 42
TEAMS = ["network", "web", "data", "platform"]
# Interfaces of services: description, requester, type, owner of the public address.
SERVICES = [
    ("ELB app/shop/50dc6c495c0c9188", "amazon-elb", "interface", "amazon-elb"),
    ("ELB net/entry/1e3b5c7d9f0a2b4c", "amazon-elb", "network_load_balancer", "amazon"),
    ("RDSNetworkInterface", "amazon-rds", "interface", "amazon-rds"),
    ("RedshiftNetworkInterface", "492031337192", "interface", "amazon"),
    ("DMSNetworkInterface", "820883240614", "interface", "amazon"),
    ("arn:aws:ecs:{region}:{account}:attachment/6d8f3a52", "578734482556", "interface", "amazon"),
    ("GlobalAccelerator", "312446218461", "global_accelerator_managed", "amazon"),
    ("Created By Amazon Workspaces", "262142128281", "interface", "amazon"),
]


def tags(kind, **values):
    listed = [{"Key": key, "Value": value} for key, value in values.items() if value]
    return [{"ResourceType": kind, "Tags": listed}] if listed else []


class Place:
    def __init__(self, url, account, keys, region, number):
        self.url, self.account, self.region, self.number = url, account, region, number
        self.ec2 = client("ec2", url, region, keys)
        self.dice = random.Random(f"{account}/{region}")
        self.made = {"vpcs": 0, "subnets": 0, "addresses": 0, "interfaces": 0}
        self.subnets = []  # id, network, number of addresses given out

    def set(self, id, **values):
        order(self.url, order="set", account=self.account, region=self.region, id=id, values=values)

    def block(self, number):
        """The block of a VPC: mostly unique; some exist in every place, and some have sizes outside of the address plan."""
        if number < 2:
            return f"10.{200 + number}.0.0/16"
        if number == 2:
            return f"10.200.{16 * self.number}.0/20"
        if number == 3:
            return f"172.16.{self.number}.0/24"
        if number == 4:
            return f"192.168.{self.number}.0/25"
        return f"10.{self.number * 12 + number}.0.0/{[16, 16, 17, 18, 20][number % 5]}"

    def vpc(self, number):
        block = ipaddress.ip_network(self.block(number))
        named = tags(
            "vpc",
            Name=f"{self.region}-{number}" if number % 3 else None,
            team=self.dice.choice(TEAMS) if number % 4 else None,
            env="test" if number % 5 == 0 else "prod",
        )
        vpc = self.ec2.create_vpc(CidrBlock=str(block), TagSpecifications=named, AmazonProvidedIpv6CidrBlock=number == 5)
        vpc = vpc["Vpc"]
        self.made["vpcs"] += 1
        if number in (6, 7):
            second = f"100.{64 + self.number}.{number}.0/24"
            answer = self.ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=second)
            if number == 7:
                self.ec2.disassociate_vpc_cidr_block(AssociationId=answer["CidrBlockAssociation"]["AssociationId"])
        length = min(28, block.prefixlen + self.dice.choice([4, 5, 6]))
        space = list(block.subnets(new_prefix=max(length, block.prefixlen + 4 if block.prefixlen < 25 else 28)))
        for at in range(min(SUBNETS, len(space))):
            self.subnet(vpc, space[at], number, at)

    def subnet(self, vpc, network, number, at):
        zone = f"{self.region}{'abc'[at % 2]}"
        more = {}
        if number == 5 and at < 3:
            ipv6 = ipaddress.ip_network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
            more["Ipv6CidrBlock"] = str(list(ipv6.subnets(new_prefix=64))[at])
        named = tags("subnet", Name=f"subnet-{number}-{at}", env="test" if number % 5 == 0 else "prod")
        made = self.ec2.create_subnet(
            VpcId=vpc["VpcId"], CidrBlock=str(network), AvailabilityZone=zone, TagSpecifications=named, **more
        )
        self.subnets.append([made["Subnet"]["SubnetId"], network, 3])
        self.made["subnets"] += 1

    def address_in(self, subnet):
        subnet[2] += 1
        return str(subnet[1][subnet[2]])

    def interface(self, subnet, description="", addresses=1):
        private = [{"PrivateIpAddress": self.address_in(subnet), "Primary": at == 0} for at in range(addresses)]
        made = self.ec2.create_network_interface(
            SubnetId=subnet[0], PrivateIpAddresses=private, Description=description
        )
        self.made["interfaces"] += 1
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def elastic(self, at, **named):
        address = f"52.{20 + self.number}.{at // 200}.{at % 200 + 1}"
        made = self.ec2.allocate_address(Domain="vpc", Address=address, TagSpecifications=tags("elastic-ip", **named))
        self.made["addresses"] += 1
        return made["AllocationId"]

    def put(self, allocation, interface):
        self.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)

    def instances(self):
        for subnet in self.dice.sample(self.subnets[:20], 6):
            nic = {"DeviceIndex": 0, "SubnetId": subnet[0], "AssociatePublicIpAddress": True}
            self.ec2.run_instances(
                ImageId="ami-12345678",
                MinCount=1,
                MaxCount=1,
                NetworkInterfaces=[dict(nic, PrivateIpAddress=self.address_in(subnet))],
            )
            self.made["interfaces"] += 1

    def elastic_addresses(self):
        """Makes Elastic IP addresses: eighteen idle, twelve on interfaces, four on NAT gateways, two on balancers, six of pools."""
        for at in range(ELASTIC):
            allocation = self.elastic(at, Name=f"address-{at}" if at % 2 else None, team="web" if at % 5 else None)
            subnet = self.dice.choice(self.subnets)
            if at < 12:
                self.put(allocation, self.interface(subnet, "a machine"))
            elif at < 16:
                gateway = f"Interface for NAT Gateway nat-{self.number:08x}{at:09x}"
                interface = self.interface(subnet, gateway)
                self.set(interface, interface_type="nat_gateway", requester_managed=True, requester_id="414350000000")
                self.set(interface, status="in-use")
                self.put(allocation, interface)
            elif at < 18:
                interface = self.interface(subnet, "ELB net/entry/0a1b2c3d4e5f6071")
                self.set(interface, interface_type="network_load_balancer", requester_managed=True, status="in-use")
                self.put(allocation, interface)
            elif at < 21:
                self.set(allocation, public_ipv4_pool="ipam-pool-0aaaabbbbcccc0001")
            elif at < 23:
                self.set(allocation, public_ipv4_pool=f"ipv4pool-ec2-{self.number:017x}")
            elif at == 23:
                self.set(allocation, service_managed="alb", public_ipv4_pool="amazon")
            else:
                self.set(allocation, public_ipv4_pool="amazon", network_border_group=self.region)

    def services(self):
        for at, (description, requester, kind, owner) in enumerate(SERVICES):
            text = description.format(region=self.region, account=self.account)
            interface = self.interface(self.subnets[at], text)
            values = {"requester_id": requester, "requester_managed": True, "interface_type": kind, "status": "in-use"}
            self.set(interface, public_ip=f"3.{100 + self.number}.0.{at + 1}", ip_owner=owner, **values)
        # A load balancer with an address of the BYOIP range.
        interface = self.interface(self.subnets[9], "ELB app/own/ffffffffffffffff")
        values = {"requester_id": "amazon-elb", "requester_managed": True, "status": "in-use"}
        self.set(interface, public_ip=f"198.51.{self.number}.77", ip_owner="amazon-elb", **values)

    def brought(self):
        ranges = [{"Cidr": f"198.51.{self.number}.0/24", "State": "advertised"}]
        if self.number % 2:
            v6 = {"Cidr": f"2001:db8:{self.number:x}::/48", "State": "provisioned", "PoolId": f"ipv6pool-ec2-{self.number:017x}"}
            ranges.append(v6)
        order(self.url, order="byoip", account=self.account, region=self.region, ranges=ranges)
        whole = {"FirstAddress": f"198.51.{self.number}.0", "LastAddress": f"198.51.{self.number}.63"}
        part = {"FirstAddress": f"198.51.{self.number}.128", "LastAddress": f"198.51.{self.number}.139"}
        pool = {
            "PoolId": f"ipv4pool-ec2-{self.number:017x}",
            "PoolAddressRanges": [
                dict(whole, AddressCount=64, AvailableAddressCount=62),
                dict(part, AddressCount=12, AvailableAddressCount=12),
            ],
            "Tags": [{"Key": "team", "Value": "network"}],
        }
        order(self.url, order="pools", account=self.account, region=self.region, pools=[pool])

    def fill(self):
        for number in range(VPCS):
            self.vpc(number)
        for at in range(20):
            self.interface(self.subnets[at * 3], f"interface {at}", addresses=2 if at % 10 == 0 else 1)
        with_ipv6 = self.interface(self.subnets[12], "two families")
        self.set(with_ipv6, ipv6_addresses=[f"2400:6500:{self.number:x}::{at:x}" for at in (16, 17)])
        self.instances()
        self.elastic_addresses()
        self.services()
        self.brought()


def main():
    wish = json.load(sys.stdin)
    # With the seed, moto too makes the same ids and addresses in every run.
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(wish["url"] + "/moto-api/seed?a=5", data=b"")
    total, number = {}, 0
    for account in wish["accounts"]:
        keys = keys_of(wish["url"], wish["regions"][0], account["role"])
        for region in wish["regions"]:
            place = Place(wish["url"], account["id"], keys, region, number)
            place.fill()
            for what, count in place.made.items():
                total[what] = total.get(what, 0) + count
            number += 1
    json.dump(total, sys.stdout)


if __name__ == "__main__":
    main()
