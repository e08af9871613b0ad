"""Where a role's thread stands, read from the running thread."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
import weakref
from typing import Any

import pytest
import zmq

from tests.helpers import pattern_of, stage_of, until
from zmqtui.core.model import TRANSPORTS, Endpoints, Knobs
from zmqtui.core.role import sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.threads.frames import running
from zmqtui.patterns import find


def line(function: Any, text: str) -> int:
    """Return the line of its file where `function` says `text`."""
    lines, first = inspect.getsourcelines(function)
    return next(first + number for number, each in enumerate(lines) if text in each)


def stands(stage: Stage, name: str, text: str) -> bool:
    """Tell whether an instance's thread stands on the line of its role that says `text`."""
    slot = next(slot for slot in stage._cast.order if slot.name == name)
    pointer = stage.pointers().get(name)
    return pointer is not None and pointer.line == line(slot.role.function, text)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_request_reply(transport: str) -> None:
    """The server stands where it works, every client where it waits, and nobody stands anywhere afterwards."""
    with stage_of(find("reqrep"), transport, knobs={"work": 600.0}) as stage:
        assert stage.pointers() == {}
        stage.start()
        until(lambda: stands(stage, "server", "sleep(knobs.work)"))
        for name in ("client-1", "client-2", "client-3"):
            until(lambda name=name: stands(stage, name, "reply = socket.recv()"))  # type: ignore[misc]
        stage.kill("client-2")
        assert sorted(stage.pointers()) == ["client-1", "client-3", "server"]
        stage.pause("client-1")
        assert stands(stage, "client-1", "reply = socket.recv()")
    assert stage.pointers() == {}


def test_who_asks_and_who_sends() -> None:
    """A ventilator stands where it asks and, when there is no sink, where it sends."""
    with stage_of(find("pipeline"), "inproc") as stage:
        stage.launch("ventilator")
        until(lambda: stands(stage, "ventilator", "ask("))
        stage.press()
        until(lambda: stands(stage, "ventilator", 'sink.send(b"0")'))


def wait_long(socket: zmq.Socket[bytes]) -> bytes:
    """Do the waiting of a role."""
    return socket.recv()


def outer(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Wait in a function of its own, called over several lines, in a comprehension."""
    socket = context.socket(zmq.PAIR)
    socket.bind(endpoints.line)
    [
        wait_long(
            socket,
        )
        for _ in range(3)
    ]


def test_a_helper_is_shown_where_it_is_called() -> None:
    """The pointer must stay inside the role's function, whatever that calls."""
    with stage_of(pattern_of({"outer": outer}), "inproc") as stage:
        stage.start()
        lines = range(line(outer, "[\n"), line(outer, "for _ in range(3)") + 1)
        until(lambda: "outer" in stage.pointers() and stage.pointers()["outer"].line in lines)


class Thing:
    """Something a role holds."""


THINGS: list[weakref.ref[Thing]] = []


def holder(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Hold a thing for ever."""
    thing = Thing()
    THINGS.append(weakref.ref(thing))
    sleep(600)


def test_looking_keeps_nothing() -> None:
    """What a role held must go with it: a frame that is kept would keep its variables, payloads and sockets."""
    gc.collect()
    gc.disable()
    try:
        with stage_of(pattern_of({"holder": holder}), "inproc") as stage:
            stage.start()
            until(lambda: stands(stage, "holder", "sleep(600)"))
            stage.kill("holder")
            until(lambda: THINGS[-1]() is None, what="the role's variable gone")
    finally:
        gc.enable()


def test_a_role_that_is_no_function() -> None:
    """It has no line to stand on, and the others are shown all the same."""

    class Callable:
        def __call__(self, context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
            sleep(600)

    with stage_of(pattern_of({"holder": holder, "other": Callable()}), "inproc") as stage:
        stage.start()
        until(lambda: stands(stage, "holder", "sleep(600)"))
        assert list(stage.pointers()) == ["holder"]


def test_looking_at_all_threads_cannot_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the process: with a collection in the middle of the look, a thread that ends then stops everybody."""
    looks: list[bool] = []

    def current_frames() -> dict[int, Any]:
        looks.append(gc.isenabled())
        return {}

    monkeypatch.setattr(sys, "_current_frames", current_frames)
    assert gc.isenabled()
    with running() as frames:
        assert frames == {}
        assert not gc.isenabled()
    assert looks == [False]
    assert gc.isenabled()


DEEP = """
import gc, random, sys, time
from tests.helpers import pattern_of
from zmqtui.core.stage import Stage

def deep(steps):
    return deep(steps - 1) if steps else None

def role(context, endpoints, knobs):
    while True:
        deep(random.randrange(40))

with Stage(pattern_of({"role": role}, most=4), transport="inproc", counts={"role": 4}) as stage:
    stage.start()
    sys.setswitchinterval(0.0002)
    # What finalisers do: somebody else has his turn in the middle of a collection.
    gc.callbacks.append(lambda phase, info: time.sleep(0))
    gc.set_threshold(3)
    for look in range(100):
        stage.pointers()
    gc.callbacks.clear()
print("alive")
"""


def test_looking_at_threads_that_go_on_cannot_crash() -> None:
    """Protects the process: with a collection on the way from frame to frame, what is looked at may be gone."""
    done = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("alive\n", 0), done.stderr
