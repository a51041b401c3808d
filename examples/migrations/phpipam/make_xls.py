"""Writes subnets.xls and addresses.xls with the columns, the sheets and the cell types of phpIPAM's export.

It needs xlwt: pip install xlwt. phpIPAM's own writer makes a number of each text that is one.
"""

import xlwt

SUBNETS = [
    ["Section", "Subnet", "Description", "VLAN", "VLAN Domain", "VRF", "Master Subnet", "Requests", "Host check", "Discover",
     "Customer", "cost_center"],
    ["Berlin", "10.20.0.0/16", "Berlin campus", "NA", None, "", "/", 0, 0, 0, "", ""],
    ["Berlin", "10.20.1.0/24", "Berlin web servers", 101, "default", "", "10.20.0.0/16", 0, 1, 0, "Retail", 4711],
    ["Berlin", "10.20.2.0/24", "Berlin databases, two racks", 102, "default", "", "10.20.0.0/16", 0, 1, 0, "Retail", 4711],
    ["Berlin", "Partners (folder)", "Partners", "NA", None, "", "/", 0, 0, 0, "", ""],
    ["Berlin", "10.20.0.0/16", "Partner networks", "NA", None, "partners", "Partners [folder]", 0, 0, 0, "", ""],
    ["Berlin", "10.20.4.0/24", "Payment partner", "NA", None, "partners", "10.20.0.0/16", 0, 0, 0, "", 4720],
    ["Hamburg", "10.30.0.0/16", "Hamburg office", "NA", None, "", "/", 0, 0, 0, "", ""],
    ["Hamburg", "10.30.8.0/24", "Hamburg Wi-Fi", 208, "default", "", "10.30.0.0/16", 1, 0, 1, "", 4713],
    ["Hamburg", "2001:db8:40::/48", "Hamburg office, IPv6", "NA", None, "", "/", 0, 0, 0, "", ""],
    ["Hamburg", "2001:db8:40:1::/64", "Hamburg Wi-Fi, IPv6", 208, "default", "", "2001:db8:40::/48", 0, 0, 0, "", ""],
]

ADDRESSES = [
    ["Section", "IP Address", "Hostname", "Description", "VRF", "Subnet", "MAC", "Owner", "Device", "Note", "Tag", "Gateway"],
    ["Berlin", "10.20.1.1", "gw-web.example.com", "Router", "default", "10.20.1.0/24", "", "Network team", "", "", "", "Yes"],
    ["Berlin", "10.20.1.10", "web-1.example.com", "First web server", "default", "10.20.1.0/24", "00:50:56:9a:11:10",
     "Retail", "", "", "", "No"],
    ["Berlin", "10.20.4.5", "pay-gw.example.com", "Gateway to the payment partner", "partners", "10.20.4.0/24", "", "", "",
     "", "", "No"],
]

SECTIONS = [["Name", "Description", "Parent"], ["Berlin", "Campus and partners", "/"], ["Hamburg", "Office", "/"]]


def write(name, sheets):
    workbook = xlwt.Workbook(encoding="utf-8")
    for title, rows in sheets:
        sheet = workbook.add_sheet(title)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None and cell != "":
                    sheet.write(at, column, cell)
    workbook.save(name)


write("subnets.xls", [("Subnets", SUBNETS), ("Sections", SECTIONS)])
write("addresses.xls", [("IP Addresses", ADDRESSES), ("Sections", SECTIONS)])
