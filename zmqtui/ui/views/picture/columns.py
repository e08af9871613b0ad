"""Which role stands in which column: derived from the sockets, so that messages go from left to right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from zmqtui.core.model import Endpoint, Pattern

_GIVES: Final = {"PUSH", "PUB", "XPUB"}
_TAKES: Final = {"PULL", "SUB", "XSUB"}
_ASKS: Final = ("REQ", "DEALER", "PAIR", "ROUTER", "REP")
"""Sockets of links on which messages go both ways; the earlier one asks, and stands to the left."""


class Wire(NamedTuple):
    """One role's connection to an endpoint.

    Attributes:
        endpoint: The endpoint's name.
        binder: The role that binds it.
        binder_socket: With which socket type.
        connector: The role that connects.
        connector_socket: With which socket type.
    """

    endpoint: str
    binder: str
    binder_socket: str
    connector: str
    connector_socket: str

    @property
    def to_binder(self) -> bool:
        """Whether messages go from the connector to the binder."""
        return self.connector_socket not in _TAKES and self.binder_socket not in _GIVES

    @property
    def to_connector(self) -> bool:
        """Whether messages go from the binder to the connector."""
        return self.connector_socket not in _GIVES and self.binder_socket not in _TAKES

    @property
    def order(self) -> tuple[str, str]:
        """The role that stands to the left, and the one to the right."""
        if self.to_binder != self.to_connector:
            to_right = self.to_binder
        else:
            to_right = _ask(self.connector_socket) <= _ask(self.binder_socket)
        return (self.connector, self.binder) if to_right else (self.binder, self.connector)

    @property
    def weight(self) -> int:
        """How much it says about what comes before what: work and its results more than news and control."""
        return 1 if {self.binder_socket, self.connector_socket} & {"PUB", "SUB", "XPUB", "XSUB"} else 2


class Columns(NamedTuple):
    """The picture's skeleton.

    Attributes:
        roles: The roles of each column, from left to right.
        wires: Who is connected to whom, where the two are different roles.
        loops: Wires from a role to itself.
    """

    roles: tuple[tuple[str, ...], ...]
    wires: tuple[Wire, ...]
    loops: tuple[Wire, ...]

    def of(self, role: str) -> int:
        """Return the column of `role`."""
        return next(number for number, roles in enumerate(self.roles) if role in roles)


@lru_cache(maxsize=64)
def columns(pattern: Pattern) -> Columns:
    """Give every role of `pattern` its column."""
    wires = [wire for endpoint in pattern.endpoints for wire in _wires(endpoint)]
    across = tuple(wire for wire in wires if wire.binder != wire.connector)
    loops = tuple(wire for wire in wires if wire.binder == wire.connector)
    roles = [role.name for role in pattern.roles]
    edges: dict[tuple[str, str], int] = {}
    for wire in across:
        edges[wire.order] = edges.get(wire.order, 0) + wire.weight
    places = _places(roles, edges)
    width = max(places.values(), default=0) + 1
    return Columns(
        tuple(tuple(role for role in roles if places[role] == number) for number in range(width)), across, loops
    )


def _wires(endpoint: Endpoint) -> Iterable[Wire]:
    bind = endpoint.bind
    # A role that connects with several sockets of one type has one wire: it cannot be told apart from here.
    seen = dict.fromkeys(endpoint.connect)
    return [Wire(endpoint.name, bind.role, bind.socket, link.role, link.socket) for link in seen]


def _ask(socket: str) -> int:
    return _ASKS.index(socket) if socket in _ASKS else 2


def _places(roles: list[str], edges: dict[tuple[str, str], int]) -> dict[str, int]:
    """Put every role to the right of all that are before it; a circle is cut where least goes along."""
    order: list[str] = []
    while left := [role for role in roles if role not in order]:
        waiting = dict.fromkeys(left, 0)
        for (before, after), weight in edges.items():
            if before in waiting and after in waiting:
                waiting[after] += weight
        order.append(min(left, key=waiting.__getitem__))
    rank = {role: number for number, role in enumerate(order)}
    forward = {(one, other) if rank[one] < rank[other] else (other, one) for one, other in edges}
    places: dict[str, int] = {}
    for role in order:
        places[role] = 1 + max((places[before] for before, after in forward if after == role), default=-1)
    # A role without anybody before it stands as close to the one it serves as it can.
    for role in reversed(order):
        followers = [places[after] for before, after in forward if before == role]
        if followers and not any(after == role for _, after in forward):
            places[role] = min(followers) - 1
    return places
