"""The loops that are measured: the same functions run on plain pyzmq and as roles of a stage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from statistics import median
from time import perf_counter, sleep
from types import SimpleNamespace
from typing import Any

import zmq

from tests.helpers import free_port, stop
from zmqtui.core.model import Endpoint, Link, Pattern, Role
from zmqtui.core.stage import Stage
from zmqtui.core.watch import Watcher

TIMES: dict[str, float] = {}
"""What the loops measured last, by name."""


class Quiet(Watcher):
    """Reads nothing."""

    reads = False


def push(context: Any, endpoints: Any, knobs: Any) -> None:
    """Send as fast as it goes."""
    socket = context.socket(zmq.PUSH)
    socket.bind(endpoints.line)
    for _ in range(TOTAL["push"]):
        socket.send(b"x" * 20)


def pull(context: Any, endpoints: Any, knobs: Any) -> None:
    """Receive as fast as it goes, from the first message on the clock."""
    socket = context.socket(zmq.PULL)
    socket.connect(endpoints.line)
    socket.recv()
    begun = perf_counter()
    for _ in range(TOTAL["push"] - 1):
        socket.recv()
    TIMES["push"] = perf_counter() - begun


def answer(context: Any, endpoints: Any, knobs: Any) -> None:
    """Reply at once."""
    socket = context.socket(zmq.REP)
    socket.bind(endpoints.line)
    for _ in range(TOTAL["ask"]):
        socket.recv()
        socket.send(b"World")


def ask(context: Any, endpoints: Any, knobs: Any) -> None:
    """Take the time of every round trip."""
    socket = context.socket(zmq.REQ)
    socket.connect(endpoints.line)
    trips = []
    for _ in range(TOTAL["ask"]):
        begun = perf_counter()
        socket.send(b"Hello")
        socket.recv()
        trips.append(perf_counter() - begun)
    TIMES["ask"] = median(trips[len(trips) // 10 :])


SUBSCRIBERS = 8


def publish(context: Any, endpoints: Any, knobs: Any) -> None:
    """Publish for eight subscribers in turn when all of them are there."""
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.bind(endpoints.line)
    for _ in range(SUBSCRIBERS):
        socket.recv()
    bodies = [b"%d" % number + b"x" * 19 for number in range(SUBSCRIBERS)]
    TIMES["publish begun"] = perf_counter()
    for number in range(TOTAL["publish"]):
        socket.send(bodies[number % SUBSCRIBERS])


def subscribe(context: Any, endpoints: Any, knobs: Any) -> None:
    """Take the messages of one filter, one in eight."""
    with LOCK:
        number = NUMBERS.pop()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.connect(endpoints.line)
    socket.subscribe(b"%d" % number)
    for _ in range(TOTAL["publish"] // SUBSCRIBERS):
        socket.recv()
    with LOCK:
        TIMES["publish"] = perf_counter() - TIMES["publish begun"]


TOTAL = {"push": 800_000, "ask": 5_000, "publish": 400_000}
"""Messages, or round trips."""
LOCK = threading.Lock()
NUMBERS: list[int] = []


def pattern(name: str) -> Pattern:
    """Declare one of the loops as a pattern."""
    first, second, kinds, most = {
        "push": (push, pull, ("PUSH", "PULL"), 1),
        "ask": (answer, ask, ("REP", "REQ"), 1),
        "publish": (publish, subscribe, ("XPUB", "SUB"), SUBSCRIBERS),
    }[name]
    return Pattern(
        name=name,
        title=name,
        short=name,
        about="A benchmark.",
        roles=(Role("binder", first), Role("peer", second, most, max(most, 1))),
        endpoints=(Endpoint("line", 1, Link("binder", kinds[0]), (Link("peer", kinds[1]),)),),
        knobs=(),
        watcher=Quiet,
        done="peer",
    )


def address(transport: str) -> str:
    """Return a place to meet."""
    return f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else "inproc://bench"


def plain(name: str, transport: str) -> float:
    """Run a loop on plain pyzmq and return what it measured."""
    NUMBERS[:] = range(SUBSCRIBERS)
    declared = pattern(name)
    context = zmq.Context()
    endpoints = SimpleNamespace(line=address(transport))
    threads = [
        threading.Thread(target=role.function, args=(context, endpoints, None))
        for role in declared.roles
        for _ in range(role.default)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    context.destroy(linger=0)
    return TIMES[name]


def traced(name: str, transport: str, look: Callable[[Stage], None] = lambda stage: None) -> float:
    """Run a loop as a stage's roles and return what it measured; the counts must be exact."""
    NUMBERS[:] = range(SUBSCRIBERS)
    stage = Stage(pattern(name), transport=transport, at={"line": address(transport)} if transport == "tcp" else None)
    stage.start()
    while not stage.done:
        look(stage)
        sleep(0.02)
    while any(each.alive for each in stage.view().instances):
        sleep(0.005)
    stop(stage)
    received = sum(each.received.messages for each in stage.view().of("peer"))
    assert received == TOTAL[name], f"{received:,} of {TOTAL[name]:,} are in the books"
    return TIMES[name]
