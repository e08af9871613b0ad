"""One life of one role: a thread that can be stopped, paused and spoken to whatever it is blocked in."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import zmq
from zmq.backend import zmq_poll

from zmqtui.core.journal import Event, now
from zmqtui.core.sampler import Sampler
from zmqtui.core.state import PortInUse, State, Status, Stopped, describe
from zmqtui.core.threads.life import Life
from zmqtui.core.threads.way import WAY

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Socket


SHORT = 0.02
"""Seconds below which a sleep is pacing and not worth an event."""
LINGER = 2000
"""Milliseconds that the last messages of a role that finished have to leave."""
PERSISTENCE = 2.0
"""Seconds for which what libzmq refuses is tried again."""
UNREAD = 20_000
"""Events that are kept until the books fetch them; what comes on top is only counted."""

_T = TypeVar("_T")
_here = threading.local()


def current() -> Actor | None:
    """Return the actor whose thread this is, or None outside a role."""
    return getattr(_here, "actor", None)


LONGEST = 10_000
"""Characters of a line in the log; what a role prints may hold a whole payload."""


class Actor(Life):
    """A thread that plays a role once.

    Args:
        name: The instance's name, such as ``client-1``.
        play: Calls the role function.
        life: Which of the instance's lives this is.
        seed: For the role's own random numbers.
        answer: Called by ``ask`` to learn whether the question is answered already.
    """

    def __init__(
        self,
        name: str,
        play: Callable[[Actor], None],
        *,
        life: int = 1,
        seed: str | None = None,
        answer: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(name)
        self.life = life
        self.random = random.Random(seed)
        self.sockets: list[Socket] = []
        self.events: deque[Event] = deque(maxlen=UNREAD)
        self.sampler = Sampler()
        self._unread = self._unread_told = 0
        self.worked = 0.0
        self.port_in_use = False
        self.attention = False
        self._working_since = 0.0
        self._play = play
        self._answer = answer
        self._pausing = False
        self._attending = False
        self._commands: deque[Callable[[], None]] = deque()
        self._line = ""

    # Called from any thread.

    def start(self) -> None:
        """Start the thread."""
        self.set(State.RUNNING)
        super().start()

    @property
    def paused(self) -> bool:
        """Whether it was told to pause."""
        return self._pausing

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

    def overflow(self) -> int:
        """Return how many events were forgotten since the last call because nobody fetched them in time."""
        told, self._unread_told = self._unread_told, self._unread
        return self._unread_told - told

    def poke(self) -> None:
        """Make a role that naps look again."""
        self._wake.set()

    def give_way(self) -> None:
        """Make the role hold before its next send, recv or sleep while somebody has the right of way."""
        self.attention = True
        for socket in list(self.sockets):
            socket.look_up()

    def _call(self) -> None:
        self.attention = True
        for socket in list(self.sockets):
            socket.slow_down()
        self._wake.set()

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
                if WAY.left() > 0:
                    self._hold()
                    continue
                self.attention = False
                self._wake.clear()
                if not (self._end or self._commands or self._pausing or WAY.left() > 0):
                    break
                self.attention = True
        finally:
            self._attending = False
            if held:
                # What it was doing before took no time meanwhile.
                pause = now() - self.status.since
                self.set(held.state, since=held.since + pause, detail=held.detail)

    def _hold(self) -> None:
        with WAY.holding(self):
            # Asked again: from here on it is told when the way is free.
            if (left := WAY.left()) > 0:
                self._wake.nap(left)

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
        if self._attending:
            # A command runs between the role's waits and must not wait itself.
            return []
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

    def persist(self, operation: Callable[[], _T], *refusals: int, state: State | None = None, detail: str = "") -> _T:
        """Do what libzmq may refuse for a moment: it closes sockets and listeners a little after the fact.

        Args:
            operation: What to do.
            refusals: The error numbers that it refuses with.
            state: The role's state where it takes longer.
            detail: Of that state.

        Raises:
            ZMQError: If it is refused for `PERSISTENCE` seconds, or otherwise.
        """
        wait, until = 0.001, now() + PERSISTENCE
        while True:
            try:
                return operation()
            except zmq.ZMQError as error:
                if error.errno not in refusals or now() >= until:
                    raise
            if state and wait > 0.01 and self.status.state is not state:
                self.set(state, detail=detail)
            self.pace(wait)
            wait = min(wait * 2, 0.05)

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
            self._event("say", line[:LONGEST])
        if len(self._line) > LONGEST:
            self._event("say", self._line[:LONGEST])
            self._line = ""

    def note(self, text: str) -> None:
        """Log what the playground did on the role's behalf."""
        self._event("note", text)

    def warn(self, text: str) -> None:
        """Log what went wrong that no exception tells of."""
        self._event("error", text)

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
        if len(self.events) == UNREAD:
            self._unread += 1
        self.events.append(Event(when or now(), self.name, kind, text=text))

    def _run(self) -> None:
        super()._run()
        WAY.givers.pop(self, None)
        # As the thread's own it would be freed where Python takes the thread apart.
        _here.actor = None

    def _live(self) -> Status:
        _here.actor = self
        WAY.givers[self] = None
        try:
            self._play(self)
        except Stopped:
            raise
        except BaseException as error:
            # Whatever it is, SystemExit included, it ends this role and nothing else.
            if self._end and isinstance(error, zmq.ZMQError):
                return Status(self._end)
            self.port_in_use = isinstance(error, PortInUse)
            return Status(State.FAILED, detail=describe(error))
        return Status(State.FINISHED)

    def _leave(self, end: Status) -> None:
        if self._line:
            self._event("say", self._line)
        for socket in list(self.sockets):
            # Who finished may still have messages under way; who was stopped has not.
            with contextlib.suppress(zmq.ZMQError):
                socket.close(linger=LINGER if end.state is State.FINISHED else 0)
        if end.state is State.FAILED:
            self._event("error", end.detail)
        self.set(end.state, detail=end.detail)
        self._wake.close()
