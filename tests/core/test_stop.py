"""Whatever a role is blocked in, it goes when it is told to, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from selectors import BaseSelector
from typing import Any

import pytest
import zmq

from tests.helpers import events, free_port, instance, pattern_of, stage_of, stop, until
from zmqtui.core.books.books import Books
from zmqtui.core.connections.connections import Connections
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.model import BadInput, Endpoints, Knobs, RoleFunction
from zmqtui.core.role import ask, say, sleep
from zmqtui.core.sockets import traced as sockets
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.state import State, Stopped
from zmqtui.core.threads import life

BOUND = 1.0
"""Seconds in which a role must be gone however busy the machine is; ``make soak`` has the true figures."""


def blocked(kind: int, wait: Callable[[Socket], Any]) -> RoleFunction:
    """Make a role that binds a socket of `kind` and waits."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(kind)
        socket.bind(endpoints.line)
        say("ready")
        wait(socket)

    return role


def spin(socket: Socket) -> None:
    count = 0
    while True:
        count += 1


def deaf(socket: Socket) -> None:
    """Eat every exception that a program may eat."""
    while True:
        with contextlib.suppress(Exception):
            socket.recv()


def stubborn(socket: Socket) -> None:
    """Eat even the first two that it may not."""
    eaten = 0
    while True:
        try:
            while True:
                eaten += 0
        except BaseException:
            eaten += 1
            if eaten == 3:
                raise


def relay(socket: Socket) -> None:
    other = socket.context.socket(zmq.PULL)
    other.bind("inproc://other")
    zmq.proxy(socket, other)


def polls(socket: Socket) -> None:
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.poll()


def recv_with_timeout(socket: Socket) -> None:
    socket.rcvtimeo = 60_000
    socket.recv()


def floods(socket: Socket) -> None:
    while True:
        socket.send(b"x")


def sends_once(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    socket = context.socket(zmq.PUSH)
    socket.bind(endpoints.line)
    peer = context.socket(zmq.PULL)
    peer.connect(endpoints.line)
    socket.send(b"x")
    sleep(1000)


WAITS: dict[str, RoleFunction] = {
    "recv": blocked(zmq.PULL, lambda socket: socket.recv()),
    "recv frame": blocked(zmq.PULL, lambda socket: socket.recv(copy=False)),
    "recv_into": blocked(zmq.PULL, lambda socket: socket.recv_into(bytearray(9))),
    "recv_multipart": blocked(zmq.PULL, lambda socket: socket.recv_multipart()),
    "recv with a timeout": blocked(zmq.PULL, recv_with_timeout),
    "send": blocked(zmq.PUSH, lambda socket: socket.send(b"x")),
    "send_multipart": blocked(zmq.PUSH, lambda socket: socket.send_multipart([b"x", b"y"])),
    "poll": blocked(zmq.PULL, lambda socket: socket.poll()),
    "Poller": blocked(zmq.PULL, polls),
    "select": blocked(zmq.PULL, lambda socket: zmq.select([socket], [], [])),
    "proxy": blocked(zmq.PULL, relay),
    "sleep": blocked(zmq.PULL, lambda socket: sleep(1000)),
    "ask": blocked(zmq.PULL, lambda socket: ask("Well? ")),
    "busy loop": blocked(zmq.PULL, spin),
    "busy send": blocked(zmq.PUB, floods),
    "except Exception": blocked(zmq.PULL, deaf),
    "except BaseException, twice": blocked(zmq.PULL, stubborn),
}


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize("wait", WAITS)
def test_a_blocked_role_goes_at_once(wait: str, transport: str) -> None:
    """Protects stopping: killed and restarted ten times, it is quickly gone and its port is free."""
    with stage_of(pattern_of({"role": WAITS[wait]}), transport) as stage:
        if wait == "ask":
            stage._answered = lambda: False  # type: ignore[method-assign]
        stage.start()
        for life in range(1, 11):
            until(lambda life=life: len(events(stage, kind="say")) >= life or instance(stage, "role").state.alive)  # type: ignore[misc]
            begun = time.perf_counter()
            stage.kill("role")
            assert time.perf_counter() - begun < BOUND
            assert instance(stage, "role").state is State.KILLED
            stage.launch("role")
        begun = time.perf_counter()
        stop(stage)
        assert time.perf_counter() - begun < BOUND


def test_a_role_that_waits_for_its_port_goes_at_once() -> None:
    """Protects the retries of bind: they can be interrupted."""
    port = free_port()
    with zmq.Context() as context, context.socket(zmq.PULL) as other:
        other.bind(f"tcp://127.0.0.1:{port}")
        with stage_of(pattern_of({"role": WAITS["recv"]}), at={"line": f"tcp://127.0.0.1:{port}"}) as stage:
            stage.start()
            until(lambda: instance(stage, "role").state is State.BINDING)
            begun = time.perf_counter()
            stage.kill("role")
            assert time.perf_counter() - begun < BOUND
            assert instance(stage, "role").state is State.KILLED


def test_who_cannot_be_interrupted_is_said_to_be_stuck() -> None:
    """Protects everybody else from one role in an uninterruptible call: the stage stops, and can start again."""
    release = threading.Event()

    def sleeper(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        if not release.is_set():
            say("sleeping")
            while not release.is_set():
                time.sleep(0.7)
        socket.recv()

    def waiter(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        sleep(1000)

    pattern = pattern_of({"sleeper": sleeper, "waiter": waiter}, "PULL", "PUSH")
    with stage_of(pattern, "tcp") as stage:
        stage.start()
        until(lambda: stage.view().peers["line"] == 1)
        begun = time.perf_counter()
        stage.kill("sleeper")
        assert time.perf_counter() - begun < 1
        assert instance(stage, "sleeper").state is State.STUCK
        assert instance(stage, "waiter").state is State.WORKING
        begun = time.perf_counter()
        stop(stage)
        assert time.perf_counter() - begun < 1.5
        release.set()
        until(lambda: not any(thread.name == "role sleeper" for thread in threading.enumerate()))
        stage.start()
        until(lambda: instance(stage, "sleeper").state is State.RECEIVING)


def test_a_role_that_exits_ends_alone() -> None:
    """Protects the process from exit() and Ctrl-C in a role's code; its sockets are closed."""

    def leaves(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        context.socket(zmq.PULL).bind(endpoints.line)
        raise SystemExit("I am off")

    with stage_of(pattern_of({"role": leaves})) as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FAILED)
        assert instance(stage, "role").status.detail == "SystemExit: I am off"


def test_terminating_the_context_ends_nobody_else() -> None:
    """Protects the stage's context from a tutorial's last lines, context.term() and context.destroy()."""

    def tidy(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        with context.socket(zmq.PUSH) as socket:
            socket.connect(endpoints.line)
        context.destroy()
        context.term()

    with stage_of(pattern_of({"role": WAITS["recv"], "tidy": tidy}, "PULL", "PUSH")) as stage:
        stage.start()
        until(lambda: instance(stage, "tidy").state is State.FINISHED)
        until(lambda: instance(stage, "role").state is State.RECEIVING)


@pytest.mark.parametrize("wait", ["recv", "send", "Poller", "sleep", "busy loop"])
def test_a_stage_of_sixteen_goes_at_once(wait: str) -> None:
    """Protects stopping in company."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        WAITS[wait](context, Endpoints({"line": f"inproc://{id(context)}"}), knobs)

    with stage_of(pattern_of({"role": role}, most=16), "inproc", counts={"role": 16}) as stage:
        stage.start()
        until(lambda: all(each.life and each.alive for each in stage.view().instances))
        begun = time.perf_counter()
        stop(stage)
        assert time.perf_counter() - begun < 1
        assert {each.state for each in stage.view().instances} == {State.STOPPED}


def test_random_stops_leave_nothing() -> None:
    """Protects the windows between two instructions: two hundred interruptions at random moments of busy roles."""

    def talks(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        with context.socket(zmq.PULL) as first:
            first.bind(endpoints.line)
            while True:
                with context.socket(zmq.PUSH) as second:
                    second.connect(endpoints.line)
                    second.send_json({"n": 1})
                    first.recv_json()
                    sum(range(1000))

    with stage_of(pattern_of({"role": talks}), "inproc") as stage:
        stage.start()
        for _ in range(200):
            stage.revive("role")
        assert instance(stage, "role").alive
        assert not events(stage, kind="error")


def test_a_swallowed_stop_says_nothing(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the screen: a `Stopped` that strikes in a finaliser is tried again, not printed over the app."""
    monkeypatch.setattr(sys, "unraisablehook", life._hush)

    class Finalised:
        def __del__(self) -> None:
            raise Stopped

    Finalised()
    assert capfd.readouterr().err == ""


def test_a_role_is_not_made_to_raise_in_the_engine() -> None:
    """Protects what the engine does for a role from being left half done: there it looks by itself."""
    begun: list[int] = []
    done: list[int] = []
    busy = "def work(until):\n    while perf_counter() < until:\n        pass\n"
    scope: dict[str, Any] = {"__name__": "zmqtui.core.something", "perf_counter": time.perf_counter}
    exec(busy, scope)

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        begun.append(1)
        scope["work"](time.perf_counter() + 0.05)
        done.append(1)
        while True:
            done[0] += 1

    with stage_of(pattern_of({"role": role})) as stage:
        for _ in range(5):
            begun.clear()
            done.clear()
            stage.start()
            until(lambda: begun)
            stop(stage)
            assert done, "it was made to raise in the middle of it"


def test_stops_at_once_leave_the_interpreter_as_it_was() -> None:
    """Protects the process's switch interval, which several stops at the same time make short for a moment."""
    before = sys.getswitchinterval()
    first, second = life.quick_turns(), life.quick_turns()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(life.QUICK_TURN)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_the_shortest_turns_hold() -> None:
    """Protects a stop from a crowd that starts meanwhile, and the interpreter from both."""
    before = sys.getswitchinterval()
    crowd, quick = life.long_turns(), life.quick_turns()
    crowd.__enter__()
    assert sys.getswitchinterval() == pytest.approx(life.LONG_TURN)
    quick.__enter__()
    assert sys.getswitchinterval() == pytest.approx(life.QUICK_TURN)
    crowd.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(life.QUICK_TURN)
    quick.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_nobody_waits_for_who_reads_the_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects stops while whoever reads of the connections and keeps the books is busy."""
    free = threading.Event()
    free.set()
    read = Connections._read

    def busy(known: Connections, monitor: Monitor, selector: BaseSelector) -> None:
        free.wait()
        read(known, monitor, selector)

    monkeypatch.setattr(Connections, "_read", busy)

    def many(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        sockets = [context.socket(zmq.PUSH) for _ in range(8)]
        for socket in sockets:
            socket.connect(endpoints.line)
        sleep(1000)

    with stage_of(pattern_of({"role": WAITS["recv"], "many": many}, "PULL", "PUSH")) as stage:
        stage.start()
        until(lambda: stage.view().peers["line"] == 8)
        free.clear()
        try:
            stage.kill("many")
            assert instance(stage, "many").state is State.KILLED
            stage.stop()
            assert instance(stage, "role").state is State.STOPPED
            assert not stage.settled
        finally:
            free.set()
        until(lambda: stage.settled)
        assert stage.view().peers["line"] == 0


@pytest.mark.parametrize("step", ["open", "start"])
def test_a_stage_that_could_not_be_opened_can_be_later(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Protects from a system without room for a moment: nothing is left behind, and the next start is as any."""

    def refuses(*_: object) -> None:
        raise OSError(errno.EMFILE, "no room") if step == "open" else RuntimeError("can't start new thread")

    with stage_of(pattern_of({"role": WAITS["recv"]}), "ipc") as stage:
        folder = Path(stage.addresses["line"].removeprefix("ipc://")).parent
        with monkeypatch.context() as patch:
            patch.setattr(*{"open": (Connections, "open"), "start": (threading.Thread, "start")}[step], refuses)
            with pytest.raises(BadInput, match="ulimit"):
                stage.start()
        assert not stage.running
        assert not folder.exists()
        stage.start()
        until(lambda: instance(stage, "role").state is State.RECEIVING)


def test_the_next_run_begins_when_the_books_of_the_last_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the counts of a run that begins while those of the last are still under way, however long that takes."""
    free = threading.Event()
    harvest = Books._harvest

    def late(books: Books, last: bool) -> None:
        if last:
            free.wait()
        harvest(books, last)

    with stage_of(pattern_of({"role": sends_once}, "PUSH", "PULL"), "ipc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").sent.messages == 1)
        with monkeypatch.context() as patch:
            patch.setattr(Books, "_harvest", late)
            stage.stop()
            starting = threading.Thread(target=stage.start)
            starting.start()
            starting.join(3)
            assert not stage.settled
            free.set()
            starting.join(10)
        until(lambda: instance(stage, "role").sent.messages == 1)
        stop(stage)
        assert instance(stage, "role").sent.messages == 1


def test_who_is_killed_does_not_wait_for_others() -> None:
    """Protects the key that kills while something else is being done to the same stage, however long that takes."""
    with stage_of(pattern_of({"role": WAITS["recv"]}), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.RECEIVING)
        killing = threading.Thread(target=stage.kill, args=("role",))
        with stage._lock:
            killing.start()
            killing.join(10)
        assert instance(stage, "role").state is State.KILLED
        assert not killing.is_alive()


def test_a_role_is_gone_for_everybody_when_its_sockets_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects whoever ends a role that another is just ending: its port is free when either of them goes on."""
    closing, go_on = threading.Event(), threading.Event()
    close, closed = Socket.close, []

    def slow(self: Socket, linger: int | None = None) -> None:
        closed.append(self)
        closing.set()
        go_on.wait(20)
        close(self, linger)

    with stage_of(pattern_of({"role": WAITS["recv"]})) as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.RECEIVING)
        monkeypatch.setattr(Socket, "close", slow)
        enders = [threading.Thread(target=stage.kill, args=("role",)) for _ in range(2)]
        enders[0].start()
        assert closing.wait(10)
        enders[1].start()
        enders[1].join(0.1)
        both_wait = all(ender.is_alive() for ender in enders) and instance(stage, "role").alive
        go_on.set()
        for ender in enders:
            ender.join(10)
        assert both_wait
        assert len(closed) == 1
        assert closed[0].closed
        assert instance(stage, "role").state is State.KILLED


class _Interrupted(Monitor):
    """Is made, and then somebody stops its role."""

    def __init__(self, socket: Socket) -> None:
        super().__init__(socket)
        raise Stopped


def _interrupted(socket: Socket) -> Any:
    raise Stopped


@pytest.mark.parametrize(("name", "step"), [("sender", _interrupted), ("Monitor", _Interrupted)])
def test_a_role_that_is_made_to_raise_while_it_makes_a_socket(
    monkeypatch: pytest.MonkeyPatch, name: str, step: Any
) -> None:
    """Protects the process: a socket that is half made is closed, too, or its context would never end."""
    monkeypatch.setattr(sockets, name, step)
    with stage_of(pattern_of({"role": blocked(zmq.PULL, spin)})) as stage:
        for _ in range(3):
            stage.start()
            until(lambda: instance(stage, "role").state is State.STOPPED)
            stop(stage)
            assert not [thread for thread in threading.enumerate() if thread.name.startswith("books")]
