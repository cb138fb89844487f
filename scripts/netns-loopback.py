"""Brings up the loopback interface of a fresh network namespace, with the addresses that the tests use.

By the kernel's ioctls (netdevice(7)), as a minimal Debian lacks iproute2 but has Python. On loopback a whole
subnet is local once it has one address, so tests need no further set-up to listen on any 10.244.x.y (Pods) or
10.96.x.y (Services).
"""

import fcntl
import socket
import struct

SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C
IFF_UP = 0x1

# Pods, Services, and the address that an API server advertises (it refuses a loopback one).
ADDRESSES = (
    ("lo:pods", "10.244.0.1", "255.255.0.0"),
    ("lo:svc", "10.96.0.1", "255.255.0.0"),
    ("lo:api", "192.168.250.1", "255.255.255.255"),
)


def interface_request(name: str, rest: bytes) -> bytes:
    """A struct ifreq: a name of 16 bytes and a union of 24."""
    return struct.pack("16s24s", name.encode(), rest)


def inet(address: str) -> bytes:
    """A struct sockaddr_in without a port."""
    return struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(address))


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, interface_request("lo", b""))
        (flags,) = struct.unpack_from("=H", answer, 16)
        fcntl.ioctl(control, SIOCSIFFLAGS, interface_request("lo", struct.pack("=H", flags | IFF_UP)))
        for name, address, mask in ADDRESSES:
            fcntl.ioctl(control, SIOCSIFADDR, interface_request(name, inet(address)))
            fcntl.ioctl(control, SIOCSIFNETMASK, interface_request(name, inet(mask)))


main()
