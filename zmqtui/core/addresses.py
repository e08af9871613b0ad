"""Endpoint name and transport to address; every address is checked here before a socket exists."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Mapping

from zmqtui.core.model import TRANSPORTS, BadInput, Pattern
from zmqtui.core.text import printable

LOOPBACK = "127.0.0.1"
_IPC_LONGEST = 103
"""The longest ipc path every system takes, in bytes."""


def addresses(pattern: Pattern, transport: str, *, ports: Mapping[str, int], folder: str) -> dict[str, str]:
    """Return the address of each endpoint of `pattern`.

    Args:
        pattern: Whose endpoints.
        transport: One of `TRANSPORTS`.
        ports: tcp ports that differ from the pattern's, by endpoint name.
        folder: Where ipc sockets are made.

    Raises:
        BadInput: If the transport is unknown or a port is none.
    """
    if transport not in TRANSPORTS:
        raise BadInput(f"unknown transport {printable(transport, 40)!r}: choose one of {', '.join(TRANSPORTS)}")
    made = {}
    for endpoint in pattern.endpoints:
        match transport:
            case "tcp":
                port = check_port(ports.get(endpoint.name, endpoint.port))
                made[endpoint.name] = f"tcp://{LOOPBACK}:{port}"
            case "inproc":
                made[endpoint.name] = f"inproc://{pattern.name}/{endpoint.name}"
            case _:
                made[endpoint.name] = check_address(f"ipc://{folder}/{pattern.name}-{endpoint.name}")
    return made


def check_port(port: int) -> int:
    """Return `port` if it is one: libzmq takes any number modulo 65,536.

    Raises:
        BadInput: If it is not from 1 to 65535.
    """
    if not 1 <= port <= 65535:
        raise BadInput(f"port {port} does not exist: choose one from 1 to 65535")
    return port


def check_address(address: str) -> str:
    """Return `address` as libzmq takes it: a host name resolved, because libzmq would hold up everybody meanwhile.

    Raises:
        BadInput: If it is no address a role can bind or connect to.
    """
    shown = printable(address, 80)
    scheme, mark, place = address.partition("://")
    if not mark or scheme not in TRANSPORTS:
        raise BadInput(
            f"{shown!r} is no address: write tcp://HOST:PORT, ipc://PATH or inproc://NAME, such as tcp://127.0.0.1:5555"
        )
    if not place or not place.isprintable():
        raise BadInput(f"{shown!r} is no address: something printable must follow {scheme}://")
    if scheme == "ipc" and len(place.encode()) > _IPC_LONGEST:
        raise BadInput(
            f"{shown!r} is too long: an ipc path has at most {_IPC_LONGEST} bytes, choose another or a shorter TMPDIR"
        )
    if scheme != "tcp":
        return address
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]/]+):(\d+)", place)
    if not match:
        raise BadInput(f"{shown!r} is no tcp address: write tcp://HOST:PORT, such as tcp://127.0.0.1:5555")
    host, port = match[1], check_port(int(match[2][:9]))
    return f"tcp://{_resolve(host)}:{port}"


def _resolve(host: str) -> str:
    if host == "*":
        return host
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        if re.fullmatch(r"[0-9.]+", host):
            return str(ipaddress.IPv4Address(host))
        return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except (OSError, ValueError):
        raise BadInput(f"host {printable(host, 60)!r} is not known: write its IP address, or check the name") from None


def is_loopback(address: str) -> bool:
    """Tell whether nobody beyond this machine can reach a socket bound to `address`."""
    scheme, _, place = address.partition("://")
    if scheme != "tcp":
        return scheme in ("inproc", "ipc")
    host = place.rpartition(":")[0]
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        # Binding takes the names of interfaces, too.
        return host in ("lo", "lo0")


def exposed(pattern: Pattern, places: Mapping[str, str], roles: Collection[str]) -> dict[str, str]:
    """Return those of `places`, by endpoint, that anybody on the network can connect to while `roles` are played."""
    bound = {endpoint.name for endpoint in pattern.endpoints if endpoint.bind.role in roles}
    return {name: address for name, address in places.items() if name in bound and not is_loopback(address)}


def resolved(address: str) -> str:
    """Return `address` with its host name resolved, or as it is where that cannot be.

    libzmq would resolve it in the one thread that serves every socket, which all stand still meanwhile.
    """
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    if scheme != "tcp" or not re.fullmatch(r"[^*;\[\]]*[A-Za-z][^*;\[\]]*", host):
        return address
    try:
        return f"tcp://{_resolve(host)}:{port}"
    except BadInput:
        return address


def port_of(address: str) -> str:
    """Return a tcp address's port in words, or the address itself."""
    scheme, _, place = address.partition("://")
    return f"port {place.rpartition(':')[2]}" if scheme == "tcp" else address


def free_port() -> int:
    """Return a tcp port on 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
