"""A watch for leaks over every test."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from zmq.utils.garbage import gc as undertaker

for number in (signal.SIGINT, signal.SIGQUIT):
    # What a shell runs in the background ignores these, and so would every program that a test starts.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGQUIT else signal.default_int_handler)

SETTLE = 2.0
"""Seconds that threads, sockets and descriptors get to be gone after a test."""


def _descriptors() -> set[str]:
    folder = "/proc/self/fd"
    if not Path(folder).is_dir():
        return set()
    found = set()
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue
        if "socket:" in target or "eventfd" in target or "eventpoll" in target or "/" in target[:1]:
            found.add(f"{name} → {target}")
    return found


def _sockets() -> int:
    gc.collect()
    return sum(1 for thing in gc.get_objects() if isinstance(thing, zmq.Socket) and not thing.closed)


@pytest.fixture(scope="session", autouse=True)
def pyzmq_has_its_thread() -> None:
    """Start pyzmq's own thread, which lets go of buffers sent without a copy and stays for ever."""
    undertaker.start()
    with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as other:
        one.bind("inproc://first")
        other.connect("inproc://first")
        one.send(b"x" * 100_000, copy=False)
        other.recv()


@pytest.fixture(autouse=True)
def no_leaks(pyzmq_has_its_thread: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a ZeroMQ socket or a file descriptor behind."""
    if request.node.get_closest_marker("asyncio") or "/ui/" in str(request.path):
        # An event loop has threads and descriptors of its own.
        yield
        return
    threads, sockets, descriptors = set(threading.enumerate()), _sockets(), _descriptors()
    yield
    deadline = time.monotonic() + SETTLE
    while True:
        left: list[str] = [f"thread {thread.name}" for thread in set(threading.enumerate()) - threads]
        if not left:
            left = sorted(_descriptors() - descriptors) if len(_descriptors()) > len(descriptors) else []
        if not left and (count := _sockets() - sockets) > 0:
            left = [f"{count} ZeroMQ sockets"]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: {', '.join(left)}")
        time.sleep(0.02)
