"""What is measured without a terminal: many instances, long logs."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import zmq

from tests.bench.loops import address
from tests.ui.support import until
from zmqtui.core.journal import Event
from zmqtui.core.limits import raise_descriptors
from zmqtui.core.stage import Stage
from zmqtui.patterns import find

_T = TypeVar("_T")


def memory() -> int:
    """Return the bytes of memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def apart(function: Callable[..., _T], *arguments: Any) -> _T:
    """Call a function in a process of its own, where nothing else takes memory or gave some back."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def many_subscribers(count: int, transport: str) -> tuple[float, float]:
    """Start a stage with `count` subscribers.

    Returns:
        The seconds until all of them are connected, and the bytes each of them takes.
    """
    pattern = find("pubsub")
    pattern = pattern._replace(
        roles=tuple(role._replace(most=count) if role.most > 1 else role for role in pattern.roles)
    )
    at = {"weather": address(transport)} if transport == "tcp" else None
    before = memory()
    stage = Stage(pattern, transport=transport, counts={"subscriber": count}, knobs={"rate": 10}, at=at)
    begun = time.perf_counter()
    try:
        stage.start()
        while stage.view().peers["weather"] < count:
            time.sleep(0.005)
        seconds = time.perf_counter() - begun
        time.sleep(0.5)
        return seconds, (memory() - before) / count
    finally:
        stage.stop()
        stage.settle()


def plain_subscribers(count: int, transport: str) -> float:
    """Have `count` threads with a subscriber each on plain pyzmq, and return the bytes that each of them takes."""
    raise_descriptors()
    before = memory()
    context, place = zmq.Context(), address(transport)
    context.set(zmq.MAX_SOCKETS, 2 * count)
    publisher = context.socket(zmq.XPUB)
    # All of the subscriptions are handed on, not only the first of those that are the same.
    publisher.set(zmq.XPUB_VERBOSE, 1)
    publisher.bind(place)

    def subscribe() -> None:
        with context.socket(zmq.SUB) as socket:
            socket.connect(place)
            socket.subscribe(b"10001")
            socket.recv()

    threads = [threading.Thread(target=subscribe) for _ in range(count)]
    for thread in threads:
        thread.start()
    for _ in threads:
        publisher.recv()
    taken = (memory() - before) / count
    publisher.send(b"10001")
    for thread in threads:
        thread.join()
    context.destroy(linger=0)
    return taken


def scrolling(events: int, frames: int = 200) -> float:
    """Return the median seconds that a frame of scrolling takes in a log of so many events."""
    return asyncio.run(_scroll(events, frames))


async def _scroll(events: int, frames: int) -> float:
    from zmqtui.ui.app import Playground
    from zmqtui.ui.event_log import EventLog

    stage = Stage(find("reqrep"), transport="inproc")
    stage.journal.extend(
        Event(number / 1000, "client-1", "send", (b"Hello %d" % number,), "requests") for number in range(events)
    )
    app = Playground([stage])
    times = []
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(app.query(EventLog)) and app.query_one(EventLog).max_scroll_y > events / 2)
        log = app.query_one(EventLog)
        for number in range(frames):
            # Every line is drawn anew: in a short log all would be kept as they were drawn the first time.
            log.notify_style_update()
            begun = time.perf_counter()
            log.scroll_to(y=(number * 37) % int(log.max_scroll_y), animate=False, force=True, immediate=True)
            log.render_lines(log.size.region)
            times.append(time.perf_counter() - begun)
            await pilot.pause(0)
    return median(times)
