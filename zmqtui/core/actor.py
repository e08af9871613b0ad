"""One life of one role: a thread that can be stopped, paused and spoken to whatever it is blocked in."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import socket as _socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import zmq
from zmq.backend import zmq_poll

from zmqtui.core.journal import Event, now

if TYPE_CHECKING:
    from zmqtui.core.sockets import Socket

SHORT = 0.02
"""Seconds below which a sleep is pacing and not worth an event."""
NUDGE = 0.002
"""Seconds that a role gets to leave by itself before its thread is made to raise."""
PATIENCE = 0.4
"""Seconds after which a role that did not leave is given up and said to be stuck."""


class Stopped(BaseException):
    """Raised in a role's thread to end it; no ``except Exception`` of a role can eat it."""


class PortInUse(OSError):
    """Another program listens on the port a role wants to bind."""


class State(Enum):
    """Where a role stands, in words."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    WORKING = "working"
    RECEIVING = "waiting in recv()"
    SENDING = "blocked in send()"
    POLLING = "waiting in poll()"
    BINDING = "waiting for the port"
    ASKING = "waiting for you"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    KILLED = "killed"
    FAILED = "failed"
    STUCK = "stuck"

    @property
    def alive(self) -> bool:
        """Whether a thread of the role runs in this state."""
        return self not in _ENDED


_ENDED = {State.NOT_STARTED, State.FINISHED, State.STOPPED, State.KILLED, State.FAILED, State.STUCK}


class Status(NamedTuple):
    """A role's state, since when (on the engine's clock) and what more there is to say."""

    state: State
    since: float = 0.0
    detail: str = ""


class Wake:
    """Wakes one thread from a poll (by a file descriptor) or from a nap (by a lock)."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._ends: tuple[_socket.socket, ...] = ()
        else:
            self._ends = _socket.socketpair()
            for end in self._ends:
                end.setblocking(False)
            self.fd = self._ends[0].fileno()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._guard = threading.Lock()
        self._closed = False

    def set(self) -> None:
        """Wake the thread, now or when it next waits; harmless once closed."""
        with self._guard:
            if self._closed:
                return
            with contextlib.suppress(BlockingIOError):
                if self._ends:
                    self._ends[1].send(b"!")
                else:
                    os.eventfd_write(self.fd, 1)
            with contextlib.suppress(RuntimeError):
                self._bell.release()

    def clear(self) -> None:
        """Forget earlier calls of `set`."""
        with contextlib.suppress(BlockingIOError):
            if self._ends:
                self._ends[0].recv(4096)
            else:
                os.eventfd_read(self.fd)
        self._bell.acquire(blocking=False)

    def nap(self, seconds: float) -> None:
        """Wait for `seconds` or until woken, which is then forgotten; precise to the microsecond the system gives."""
        if self._bell.acquire(timeout=min(seconds, 3600.0)):
            self.clear()

    def close(self) -> None:
        """Give the descriptor back."""
        with self._guard:
            if not self._closed:
                self._closed = True
                for end in self._ends:
                    end.close()
                if not self._ends:
                    os.close(self.fd)


_here = threading.local()


def current() -> Actor | None:
    """Return the actor whose thread this is, or None outside a role."""
    return getattr(_here, "actor", None)


class Actor:
    """A thread that plays a role once.

    Args:
        name: The instance's name, such as ``client-1``.
        play: Calls the role function.
        seed: For the role's own random numbers.
        answer: Called by ``ask`` to learn whether the question is answered already.
        ended: Called in the thread when all is closed.
    """

    def __init__(
        self,
        name: str,
        play: Callable[[Actor], None],
        *,
        seed: str | None = None,
        answer: Callable[[], bool] = lambda: True,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.random = random.Random(seed)
        self.sockets: list[Socket] = []
        self.events: deque[Event] = deque(maxlen=20_000)
        self.worked = 0.0
        self.status = Status(State.NOT_STARTED)
        self.port_in_use = False
        self.trace = ""
        self.attention = False
        self._working_since = 0.0
        self._play = play
        self._answer = answer
        self._ended = ended
        self._end: State | None = None
        self._pausing = False
        self._attending = False
        self._commands: deque[Callable[[], None]] = deque()
        self._line = ""
        self._wake = Wake()
        self._leaving = False
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"role {name}", daemon=True)

    # Called from any thread.

    def start(self) -> None:
        """Start the thread."""
        self.set(State.RUNNING)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def asking(self) -> bool:
        """Whether it waits in ``ask``."""
        return self.status.state is State.ASKING

    @property
    def paused(self) -> bool:
        """Whether it was told to pause."""
        return self._pausing

    def interrupt(self, end: State = State.STOPPED) -> None:
        """Ask the role to leave at once; `join` sees to it that it does."""
        self._end = self._end or end
        self._call()

    def pause(self) -> None:
        """Make the role hold before its next send, recv or sleep; its sockets stay."""
        self._pausing = True
        self._call()

    def resume(self) -> None:
        """Let a paused role go on."""
        self._pausing = False
        self._call()

    def do(self, command: Callable[[], None]) -> None:
        """Have `command` run in the role's thread between its waits; what it raises is shown as an error."""
        self._commands.append(command)
        self._call()

    def poke(self) -> None:
        """Make a role in ``ask`` look again."""
        self._wake.set()

    def _call(self) -> None:
        self.attention = True
        for socket in tuple(self.sockets):
            socket.slow_down()
        self._wake.set()

    def join(self) -> bool:
        """Wait until an interrupted role is gone; make its thread raise if it does not look.

        Returns:
            Whether it is gone. If not, it is stuck in a call that nothing can interrupt.
        """
        deadline = now() + PATIENCE
        self._thread.join(NUDGE)
        while self._thread.is_alive() and now() < deadline:
            self._raise()
            self._thread.join(0.02)
        if self._thread.is_alive():
            self.status = Status(State.STUCK, now(), "it blocks in a call that cannot be interrupted")
            return False
        return True

    def _raise(self) -> None:
        with self._guard:
            if not self._leaving and self._thread.ident:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(Stopped)
                )

    # Called from the role's own thread.

    def checkpoint(self) -> None:
        """Look whether anybody wants anything: stop, hold or run a command.

        Raises:
            Stopped: If the role is to leave.
        """
        if self._end:
            raise Stopped
        if not self.attention or self._attending:
            return
        self._attending = True
        held: Status | None = None
        try:
            while True:
                if self._end:
                    raise Stopped
                while self._commands:
                    self._obey(self._commands.popleft())
                if self._pausing:
                    held = held or self.set(State.PAUSED)
                    self._wake.nap(3600)
                    continue
                self.attention = False
                self._wake.clear()
                if not (self._end or self._commands or self._pausing):
                    break
                self.attention = True
        finally:
            self._attending = False
            if held:
                self.restore(held)

    def _obey(self, command: Callable[[], None]) -> None:
        try:
            command()
        except Exception as error:
            self.error(error)

    def wait(self, waits: list[tuple[Any, int]], until: float | None, state: State, since: float) -> list[Any]:
        """Poll `waits` and the wake-up descriptor until something is ready or the time is `until`.

        Raises:
            Stopped: If the role is to leave.
        """
        before = self.set(state, since=since)
        polled = [*waits, (self._wake.fd, zmq.POLLIN)]
        try:
            while True:
                self.checkpoint()
                timeout = -1 if until is None else max(0, -int(-(until - now()) * 1000 // 1))
                ready = zmq_poll(polled, timeout)
                hits = [hit for hit in ready if hit[0] != self._wake.fd]
                if hits and not self.attention:
                    return hits
                if not ready and until is not None and now() >= until:
                    return []
                if ready and not hits and not self.attention:
                    self._wake.clear()
        finally:
            self.restore(before)

    def sleep(self, seconds: float) -> None:
        """Sleep; the state is `State.WORKING` meanwhile, and a pause stretches it.

        Raises:
            ValueError: If `seconds` is negative or no number.
        """
        if not seconds >= 0:
            raise ValueError("sleep length must be non-negative")
        self.checkpoint()
        before = self.status
        begun = now()
        until = begun + seconds
        note = seconds >= SHORT
        self.set(State.WORKING, detail=f"{seconds:g}", note=note)
        self._working_since = begun
        try:
            while (left := until - now()) > 0:
                if self.attention:
                    held = now()
                    self.worked += held - self._working_since
                    self.checkpoint()
                    until += now() - held
                    self._working_since = now()
                else:
                    self._wake.nap(left)
        finally:
            self.worked += now() - self._working_since
            self._working_since = 0.0
            self.restore(before, note=note)

    def pace(self, seconds: float) -> None:
        """Sleep without its being work."""
        self.checkpoint()
        self._wake.nap(seconds)
        self.checkpoint()

    def work(self) -> float:
        """Return the seconds it slept so far, the present sleep included."""
        since = self._working_since
        return self.worked + (now() - since if since else 0.0)

    def ask(self, prompt: str) -> None:
        """Wait until the stage says that the question is answered."""
        self.checkpoint()
        before = self.set(State.ASKING, detail=prompt.strip().rstrip(":"))
        try:
            while not self._answer():
                self._wake.nap(3600)
                self.checkpoint()
        finally:
            self.restore(before)

    def say(self, text: str, end: str = "\n") -> None:
        """Write to the log; a line is complete with its newline."""
        self.checkpoint()
        self._line += text + end
        *lines, self._line = self._line.split("\n")
        for line in lines:
            self._event("say", line)
        if len(self._line) > 10_000:
            self._event("say", self._line)
            self._line = ""

    def note(self, text: str) -> None:
        """Log what the playground did on the role's behalf."""
        self._event("note", text)

    def error(self, error: Exception) -> None:
        """Log an exception that did not end the role."""
        self._event("error", describe(error))

    def set(self, state: State, *, since: float = 0.0, detail: str = "", note: bool = True) -> Status:
        """Enter `state` and return the one before."""
        before = self.status
        self.status = Status(state, since or now(), detail)
        if note and state is not before.state:
            self._event("state", f"{state.value}{': ' + detail if detail else ''}", self.status.since)
        return before

    def restore(self, before: Status, *, note: bool = True) -> None:
        """Go back to an earlier state."""
        self.set(before.state, detail=before.detail, note=note)

    def _event(self, kind: str, text: str, when: float = 0.0) -> None:
        self.events.append(Event(when or now(), self.name, kind, text=text))

    def _run(self) -> None:
        _here.actor = self
        end: Status | None = None
        while not self._leaving:
            try:
                end = end or self._live()
                with self._guard:
                    # From here on nobody makes this thread raise; an exception under way is called off.
                    self._leaving = True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)
            except Stopped:
                end = end or Status(self._end or State.STOPPED)
        self._leave(end or Status(State.STOPPED))

    def _live(self) -> Status:
        try:
            self._play(self)
        except Exception as error:
            if self._end and isinstance(error, zmq.ZMQError):
                return Status(self._end)
            if isinstance(error, PortInUse):
                self.port_in_use = True
            else:
                self.trace = traceback.format_exc()
            return Status(State.FAILED, detail=describe(error))
        return Status(State.FINISHED)

    def _leave(self, end: Status) -> None:
        if self._line:
            self._event("say", self._line)
        for socket in tuple(self.sockets):
            # Who finished may still have messages under way; who was stopped has not.
            socket.close(linger=2000 if end.state is State.FINISHED else 0)
        if end.state is State.FAILED:
            self._event("error", end.detail)
        self.set(end.state, detail=end.detail)
        self._wake.close()
        _here.actor = None
        self._ended()


def describe(error: BaseException) -> str:
    """Say in one line what an exception says."""
    if isinstance(error, PortInUse):
        return str(error)
    text = str(error) or type(error).__name__
    if isinstance(error, zmq.ZMQError):
        name = zmq.Errno(error.errno).name if error.errno in set(zmq.Errno) else error.errno
        return f"ZMQError {name}: {text}"
    return f"{type(error).__name__}: {text}"
