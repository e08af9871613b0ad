"""Ways to run a stage in a test and to wait for conditions."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from zmqtui.core.model import Endpoint, Link, Pattern, Role, RoleFunction
from zmqtui.core.stage import Stage
from zmqtui.core.watch import InstanceView, Watcher

_T = TypeVar("_T")


def until(condition: Callable[[], _T], timeout: float = 10.0, what: str = "") -> _T:
    """Poll `condition` until it is true and return its value; fail with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout:g} s in vain{': ' + what if what else ''}")
        time.sleep(0.005)
    return value


_given: set[int] = set()


def free_port() -> int:
    """Return a free tcp port below those that the system gives to outgoing connections, each time another."""
    while True:
        port = random.randint(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if len(_given) > 10_000:
            _given.clear()
        if port not in _given:
            _given.add(port)
            return port


def free_addresses(pattern: Pattern) -> dict[str, str]:
    """Return an address on a free tcp port for each endpoint of `pattern`."""
    return {endpoint.name: f"tcp://127.0.0.1:{free_port()}" for endpoint in pattern.endpoints}


@contextmanager
def stage_of(pattern: Pattern, transport: str = "tcp", **options: Any) -> Iterator[Stage]:
    """Make a stage on free ports, and stop it in the end."""
    if transport == "tcp":
        options.setdefault("at", free_addresses(pattern))
    with Stage(pattern, transport=transport, **options) as stage:
        yield stage


def stop(stage: Stage) -> None:
    """Stop `stage`, and wait until all is counted and given back."""
    stage.stop()
    stage.settle()


def instance(stage: Stage, name: str) -> InstanceView:
    """Return how an instance stands."""
    found = stage.view().instance(name)
    assert found is not None
    return found


def sent(stage: Stage, role: str) -> int:
    """Return how many messages all instances of `role` sent."""
    return sum(each.sent.messages for each in stage.view().of(role))


def received(stage: Stage, role: str) -> int:
    """Return how many messages all instances of `role` received."""
    return sum(each.received.messages for each in stage.view().of(role))


def connected(stage: Stage, endpoint: str, count: int) -> None:
    """Wait until the binder of `endpoint` has `count` connections."""
    until(lambda: stage.view().peers[endpoint] == count, what=f"{count} connections at {endpoint}")


def figure(stage: Stage, name: str, who: str = "") -> Any:
    """Return the value of one of the pattern's figures."""
    for each in stage.figures(stage.view()):
        if each.name == name and each.instance == who:
            return each.value
    raise KeyError(name)


def events(stage: Stage, who: str = "", kind: str = "") -> list[str]:
    """Return the texts of the journal's events, of one instance or one kind where named."""
    return [
        event.text
        for event in stage.journal.read(0)[0]
        if (not who or event.instance == who) and (not kind or event.kind == kind)
    ]


def pattern_of(
    functions: dict[str, RoleFunction],
    bind: str = "PAIR",
    connect: str = "PAIR",
    most: int = 1,
    watcher: Callable[[], Watcher] = Watcher,
) -> Pattern:
    """Declare a pattern whose first role binds the endpoint ``line``, to which the others connect."""
    first, *others = functions
    links: Sequence[Link] = [Link(role, connect) for role in others]
    return Pattern(
        name="test",
        title="Test",
        short="Test",
        about="For tests.",
        roles=tuple(Role(name, function, most=most) for name, function in functions.items()),
        endpoints=(Endpoint("line", 1, Link(first, bind), tuple(links)),),
        knobs=(),
        watcher=watcher,
    )
