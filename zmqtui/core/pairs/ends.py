"""Who can be at which end of an endpoint, by the pattern's declaration, and what both ends see of one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zmqtui.core.model import Pattern

Key = tuple[bytes | int, ...]
"""What the same message has in common at both ends: cheap to compare, though alike for a few different ones."""

_PART = 64
"""Bytes of a large frame's ends that are compared before the whole is."""


class Ends:
    """The two ends of every endpoint.

    Args:
        pattern: What is played.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._roles = {role.name: role for role in pattern.roles}
        self._names: dict[str, str] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self._facing: dict[tuple[str, str], frozenset[str]] = {}
        for endpoint in pattern.endpoints:
            binder = endpoint.bind
            for link in endpoint.connect:
                self._kinds[endpoint.name, link.role] = link.socket
                self._facing[endpoint.name, link.role] = frozenset([binder.role])
            connecting = frozenset(link.role for link in endpoint.connect)
            # Who is at both ends does not tell at which of them an event was.
            self._kinds[endpoint.name, binder.role] = "" if binder.role in connecting else binder.socket
            self._facing[endpoint.name, binder.role] = connecting

    def role(self, instance: str) -> str:
        """Return the role of an instance, or nothing if there is no such role."""
        if instance not in self._names:
            role = self._roles.get(instance) or self._roles.get(instance.rpartition("-")[0])
            self._names[instance] = role.name if role else ""
        return self._names[instance]

    def kind(self, endpoint: str, instance: str) -> str:
        """Return the socket type that an instance has at an endpoint; nothing if it has none there, or two."""
        return self._kinds.get((endpoint, self.role(instance)), "")

    def facing(self, endpoint: str, instance: str) -> frozenset[str]:
        """Return the roles at the other end of an endpoint."""
        return self._facing.get((endpoint, self.role(instance)), frozenset())


def body(frames: tuple[bytes, ...], kind: str) -> tuple[bytes, ...]:
    """Return the frames of a message that both ends see.

    A ROUTER has the peer's identity in front; REQ and REP add and strip an empty frame, and what is before it.
    """
    if kind == "ROUTER":
        frames = frames[1:]
    if kind in ("ROUTER", "DEALER") and b"" in frames[:-1]:
        frames = frames[frames.index(b"") + 1 :]
    return frames


def key(frames: tuple[bytes, ...]) -> Key:
    """Return what frames can be looked up by, however large they are."""
    if len(frames) == 1 and len(frames[0]) <= 2 * _PART:
        return frames
    parts: list[bytes | int] = []
    for frame in frames:
        parts += [frame] if len(frame) <= 2 * _PART else [len(frame), frame[:_PART], frame[-_PART:]]
    return tuple(parts)
