"""The network of a Pod: `add DEVICE ADDRESS NODE_ADDRESS HOSTNAME` or `remove DEVICE`.

`add` makes network and UTS namespaces with the address on eth0, prints a line, and becomes cat, which keeps them
until its standard input ends. The node routes to the address through DEVICE, and the Pod to everything through it.
"""

import os
import socket
import sys

import kernel
from netlink import RT_TABLE_LOCAL, Netlink


def add(device: str, address: str, node_address: str, hostname: str) -> None:
    node = kernel.namespace("net")
    kernel.unshare(kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS)
    socket.sethostname(hostname)
    pod = kernel.namespace("net")
    kernel.setns(node)
    on_node(device, address, node_address, pod)
    kernel.setns(pod)
    in_pod(address, node_address)


def on_node(device: str, address: str, node_address: str, pod: int) -> None:
    network = Netlink()
    network.veth(device, "eth0", pod)
    network.up(device)
    network.forward(device)
    # The subnet of all Pods is local to the node; a nearer route wins, but only in the same table.
    network.route(device, address, source=node_address, table=RT_TABLE_LOCAL)


def in_pod(address: str, node_address: str) -> None:
    network = Netlink()
    network.up("lo")
    network.address("eth0", address)
    network.up("eth0")
    network.route("eth0", node_address)
    network.route("eth0", None, gateway=node_address)


if sys.argv[1] == "remove":
    Netlink().remove(sys.argv[2])
else:
    add(*sys.argv[2:])
    print("ready", flush=True)
    os.execvp("cat", ["cat"])
