"""Who has which address: both ends of a connection are found by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zmqtui.core.connections.contacts import End
    from zmqtui.core.connections.monitor import Monitor


class Directory:
    """The addresses of a run's sockets. One thread writes; any may look up.

    An address that was given up is still found until the books have been through what came from it.
    """

    def __init__(self) -> None:
        self._owners: dict[str, Monitor] = {}
        self._addresses: dict[Monitor, set[str]] = {}
        self._servers: dict[str, Monitor] = {}
        self._gone: list[tuple[str, Monitor]] = []
        self._fading: list[tuple[str, Monitor]] = []

    def add(self, end: End) -> None:
        """Enter the address of this end."""
        for address in (end.ends.local, end.address if end.binds else ""):
            if address:
                self._owners[address] = end.monitor
                if end.binds:
                    self._servers[address] = end.monitor
                self._addresses.setdefault(end.monitor, set()).add(address)

    def remove(self, end: End) -> None:
        """Have the address of an end that had connected forgotten soon; who binds keeps its own."""
        if not end.binds and end.ends.local:
            self._addresses.get(end.monitor, set()).discard(end.ends.local)
            self._gone.append((end.ends.local, end.monitor))

    def leave(self, monitor: Monitor) -> None:
        """Have all addresses of a socket forgotten soon."""
        self._gone += [(address, monitor) for address in self._addresses.pop(monitor, ())]

    def sweep(self) -> None:
        """Forget what was given up before the call before."""
        for address, owner in self._fading:
            if self._owners.get(address) is owner:
                del self._owners[address]
        self._fading, self._gone = self._gone, []

    def server(self, end: End) -> Monitor | None:
        """Return the monitor of who is or was the last to bind the other end of a connection, if one of this run."""
        return self._servers.get(end.ends.remote or end.address)

    def owner(self, end: End) -> Monitor | None:
        """Return the monitor of the socket at the other end of a connection, if it is one of this run's."""
        if end.ends.remote:
            return self._owners.get(end.ends.remote)
        if end.binds:
            return None
        return self._owners.get(end.address) or self._owners.get(end.address.partition("://")[2])

    def who(self, address: str) -> str:
        """Return the instance that has the address, or the address."""
        owner = self._owners.get(address)
        return owner.socket.actor.name if owner else address
