"""A little of rtnetlink(7): veth pairs, addresses and routes, as iproute2 may be missing."""

import os
import socket
import struct

RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_NEWROUTE = 16, 17, 20, 24
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x100, 0x400
NLMSG_ERROR = 2
IFF_UP = 0x1
IFLA_IFNAME, IFLA_LINKINFO, IFLA_AF_SPEC, IFLA_NET_NS_FD = 3, 18, 26, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFLA_INET_CONF, IPV4_DEVCONF_FORWARDING = 1, 1
IFA_ADDRESS, IFA_LOCAL = 1, 2
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC = 1, 4, 5, 7
RT_TABLE_MAIN, RT_TABLE_LOCAL = 254, 255
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK = 0, 253
RTPROT_STATIC, RTN_UNICAST = 4, 1


def attribute(kind: int, value: bytes) -> bytes:
    """A struct nlattr with its value, padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def inet(kind: int, address: str) -> bytes:
    return attribute(kind, socket.inet_aton(address))


def link(name: str, up: bool = False) -> bytes:
    """A struct ifinfomsg, and the name by which the kernel finds or makes the device."""
    return struct.pack("=BxHiII", 0, 0, 0, IFF_UP if up else 0, IFF_UP if up else 0) + text(IFLA_IFNAME, name)


class Netlink:
    """A connection to the network namespace in which it was made."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self.sequence = 0

    def ask(self, kind: int, body: bytes, flags: int = 0) -> None:
        """Sends one request and waits for its acknowledgement; raises OSError for a refusal."""
        self.sequence += 1
        length = 16 + len(body)
        header = struct.pack("=IHHII", length, kind, flags | NLM_F_REQUEST | NLM_F_ACK, self.sequence, 0)
        self.socket.send(header + body)
        answer = self.socket.recv(65536)
        _, answer_kind, _, _, _ = struct.unpack_from("=IHHII", answer)
        (code,) = struct.unpack_from("=i", answer, 16)
        if answer_kind == NLMSG_ERROR and code != 0:
            raise OSError(-code, f"netlink request {kind}: {os.strerror(-code)}")

    def veth(self, name: str, peer: str, peer_namespace: int) -> None:
        """A pair of devices: one here, the other in the namespace of the file descriptor."""
        other = link(peer) + number(IFLA_NET_NS_FD, peer_namespace)
        data = attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, other))
        info = attribute(IFLA_LINKINFO, text(IFLA_INFO_KIND, "veth") + data)
        self.ask(RTM_NEWLINK, link(name) + info, NLM_F_CREATE | NLM_F_EXCL)

    def up(self, name: str) -> None:
        self.ask(RTM_NEWLINK, link(name, up=True))

    def forward(self, name: str) -> None:
        """What comes in by the device may go out by another, without the sysctl, which may be read-only."""
        conf = attribute(IFLA_INET_CONF, number(IPV4_DEVCONF_FORWARDING, 1))
        self.ask(RTM_NEWLINK, link(name) + attribute(IFLA_AF_SPEC, attribute(socket.AF_INET, conf)))

    def remove(self, name: str) -> None:
        self.ask(RTM_DELLINK, link(name))

    def address(self, name: str, address: str) -> None:
        index = socket.if_nametoindex(name)
        body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, RT_SCOPE_UNIVERSE, index)
        self.ask(RTM_NEWADDR, body + inet(IFA_LOCAL, address) + inet(IFA_ADDRESS, address), NLM_F_CREATE)

    def route(
        self,
        name: str,
        to: str | None,
        gateway: str | None = None,
        source: str | None = None,
        table: int = RT_TABLE_MAIN,
    ) -> None:
        """To one address, or by default, through a device."""
        scope = RT_SCOPE_LINK if gateway is None else RT_SCOPE_UNIVERSE
        bits = 0 if to is None else 32
        body = struct.pack("=BBBBBBBBI", socket.AF_INET, bits, 0, 0, table, RTPROT_STATIC, scope, RTN_UNICAST, 0)
        body += number(RTA_OIF, socket.if_nametoindex(name))
        if to is not None:
            body += inet(RTA_DST, to)
        if gateway is not None:
            body += inet(RTA_GATEWAY, gateway)
        if source is not None:
            body += inet(RTA_PREFSRC, source)
        self.ask(RTM_NEWROUTE, body, NLM_F_CREATE | NLM_F_REPLACE)
