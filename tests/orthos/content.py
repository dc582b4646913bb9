"""content.py COBBLER: what is in the Orthos 2 of a test, whose Cobbler is at that address.

Accounts: melbot, bob, and root, who may everything; each one's password is "kept-to-ourselves".
Machines of the domain orthos2.test: node1 and node10 have remote power, bare has none. They can be
set up with what Cobbler has for x86_64."""

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from orthos2.data.models import (  # noqa: E402
    Architecture,
    Domain,
    DomainAdmin,
    Machine,
    RemotePower,
    RemotePowerDevice,
    RemotePowerType,
    ServerConfig,
    System,
)

PASSWORD = "kept-to-ourselves"
DOMAIN = "orthos2.test"

User.objects.create_user("melbot", password=PASSWORD)
User.objects.create_user("bob", password=PASSWORD)
User.objects.create_superuser("root", password=PASSWORD)

ServerConfig.objects.update_or_create(key="domain.validendings", defaults={"value": DOMAIN})
domain = Domain.objects.create(
    name=DOMAIN,
    ip_v4="192.0.2.1",
    ip_v6="2001:db8::1",
    dynamic_range_v4_start="192.0.2.2",
    dynamic_range_v4_end="192.0.2.254",
    dynamic_range_v6_start="2001:db8::2",
    dynamic_range_v6_end="2001:db8::ff",
)
DomainAdmin.objects.create(
    domain=domain, arch=Architecture.objects.get(name="x86_64"), contact_email=f"lab@{DOMAIN}"
)


def machine(name, **more):
    return Machine.objects.create(
        fqdn=f"{name}.{DOMAIN}",
        system=System.objects.get(name="BareMetal"),
        architecture=Architecture.objects.get(name="x86_64"),
        **more,
    )


names = ["node1", "node10", "bare"]
machines = {name: machine(name) for name in names}
switch = RemotePowerDevice.objects.create(
    fqdn=f"switch.{DOMAIN}",
    mac="02:00:00:00:00:01",
    username="switch",
    password="of-the-switch",
    domain=domain,
    architecture=Architecture.objects.get(name="embedded"),
    fence_agent=RemotePowerType.objects.filter(device="rpowerdevice").first(),
)
for name in ["node1", "node10"]:
    RemotePower(machine=machines[name], remote_power_device=switch, port="1").save()

# An address with a port is no name that a machine may have.
cobbler = machine("cobbler", administrative=True)
Machine.objects.filter(pk=cobbler.pk).update(fqdn=sys.argv[1])
Domain.objects.filter(pk=domain.pk).update(cobbler_server=cobbler)
