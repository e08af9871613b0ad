"""What travels along the wires: rates and single messages, from the counts of successive views."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from zmqtui.core.watch import StageView

TRAVEL: Final = 0.7
"""Seconds that a mark takes from one end of its wire to the other."""
SLOW: Final = 10.0
"""Messages per second from which single ones cannot be told apart any more."""
_SPACING: Final = 0.25
_LONG: Final = 8.0
_SHORT: Final = 1.0
_AWAY: Final = 1.0
"""Seconds without a look after which what came meanwhile is not shown as if it came now."""
_LASTING: Final = 1.0
"""Seconds for which an outside peer must be there: one that is just leaving or coming is none."""
_MOST: Final = 4
"""Marks that start on one wire in one frame."""


class Mark(NamedTuple):
    """One message on its way.

    Attributes:
        since: When it started.
        to_binder: Whether it goes to the endpoint's binder, or from there.
    """

    since: float
    to_binder: bool


class _Port:
    """The counts of one instance at one endpoint over the last seconds."""

    __slots__ = ("marks", "moved", "samples", "seen")

    def __init__(self, when: float, seen: tuple[int, int]) -> None:
        self.seen = seen
        self.moved = when
        self.samples: deque[tuple[float, int, int]] = deque([(when, *seen)])
        self.marks: list[Mark] = []

    def rate(self, when: float) -> float:
        """Return messages per second of the busier direction: a request and its reply are one round."""
        recent = next((sample for sample in self.samples if sample[0] >= when - _SHORT - _SPACING), None)
        if recent and when - recent[0] >= _SHORT / 2 and self._since(recent) >= SLOW:
            return self._since(recent) / (when - recent[0])
        first = self.samples[0]
        count, span = self._since(first), when - first[0]
        # One message is no rate; and who was silent for several times its usual while has stopped.
        if count < 2 or when - self.moved > max(1.0, 4 * span / count):
            return 0.0
        return count / max(span, _SHORT / 2)

    def _since(self, sample: tuple[float, int, int]) -> int:
        return max(self.seen[0] - sample[1], self.seen[1] - sample[2])


class Traffic:
    """Looks at one view after the other and remembers what moved."""

    def __init__(self) -> None:
        self._ports: dict[tuple[str, str], _Port] = {}
        self._looked = 0.0
        self._outside: dict[tuple[str, bool], float] = {}
        self._now = 0.0
        self._rates: dict[tuple[str, str], float] = {}

    def look(self, stage: StageView) -> None:
        """Take in how the stage stands now."""
        when = self._now = stage.time
        self._rates.clear()
        if when - self._looked > _AWAY or not stage.running or when < self._looked:
            self._ports.clear()
        self._looked = when
        present = set()
        for instance in stage.instances:
            binds = {each.name for each in stage.pattern.endpoints if each.bind.role == instance.role}
            counts: dict[str, tuple[int, int]] = {}
            for port in instance.ports:
                sent, received = counts.get(port.endpoint, (0, 0))
                counts[port.endpoint] = sent + port.sent.messages, received + port.received.messages
            for endpoint, seen in counts.items():
                key = instance.name, endpoint
                present.add(key)
                moving = endpoint in instance.connected and endpoint not in binds
                self._take(key, when, seen, moving=moving)
        for key in self._ports.keys() - present:
            del self._ports[key]
        self._look_outside(stage)

    def _take(self, key: tuple[str, str], when: float, seen: tuple[int, int], *, moving: bool) -> None:
        port = self._ports.get(key)
        if port is None or sum(seen) < sum(port.seen):
            self._ports[key] = _Port(when, seen)
            return
        sent, received = seen[0] - port.seen[0], seen[1] - port.seen[1]
        port.seen = seen
        if port.marks:
            port.marks = [mark for mark in port.marks if when - mark.since < TRAVEL]
        if sent or received:
            port.moved = when
            if moving and sent + received <= _MOST and port.rate(when) < SLOW:
                # Some of them came in one look: one behind the other, not one on top of the other.
                port.marks += [Mark(when + 0.1 * place, True) for place in range(sent)]
                port.marks += [Mark(when + 0.1 * place, False) for place in range(received)]
        if when - port.samples[-1][0] >= _SPACING:
            port.samples.append((when, *seen))
            while port.samples[0][0] < when - _LONG:
                port.samples.popleft()

    def _look_outside(self, stage: StageView) -> None:
        found = {}
        for endpoint in stage.pattern.endpoints:
            binders = [each for each in stage.of(endpoint.bind.role) if each.alive]
            roles = {link.role for link in endpoint.connect}
            ours = [
                each
                for each in stage.instances
                if each.role in roles and endpoint.name in each.connected and each.role != endpoint.bind.role
            ]
            if stage.peers.get(endpoint.name, 0) > len(ours) and endpoint.bind.role not in roles:
                found[endpoint.name, False] = stage.time
            if ours and not binders:
                found[endpoint.name, True] = stage.time
        self._outside = {key: self._outside.get(key, when) for key, when in found.items()}

    def outside(self, endpoint: str, *, binds: bool) -> bool:
        """Tell whether somebody who is none of ours binds an endpoint, or connects to it."""
        return self._now - self._outside.get((endpoint, binds), self._now) >= _LASTING

    def rate(self, instance: str, endpoint: str) -> float:
        """Return how many messages per second an instance sends and receives at an endpoint."""
        key = instance, endpoint
        if key not in self._rates:
            port = self._ports.get(key)
            self._rates[key] = port.rate(self._now) if port else 0.0
        return self._rates[key]

    def marks(self, instance: str, endpoint: str) -> list[tuple[float, bool]]:
        """Return how far each message is on its way from 0 to 1, and whether it goes to the binder."""
        port = self._ports.get((instance, endpoint))
        if not port:
            return []
        return [
            ((self._now - mark.since) / TRAVEL, mark.to_binder)
            for mark in port.marks
            if 0 <= self._now - mark.since < TRAVEL
        ]
