"""A thread that leaves when it is told to, whatever it is doing."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import FrameType

from zmqtui.core.journal import now
from zmqtui.core.state import State, Status, Stopped
from zmqtui.core.threads.frames import running
from zmqtui.core.threads.wake import Wake
from zmqtui.core.threads.way import WAY

NUDGE = 0.002
"""Seconds that a role gets to leave by itself before its thread is made to raise."""
PATIENCE = 0.4
"""Seconds after which a role that did not leave is given up and said to be stuck."""
CHANCES = 20
"""How often it is made to raise in that time; in the second half even where it is busy for the engine."""

QUICK_TURN = 0.0003
"""Seconds after which a busy thread gives way while roles are being ended."""
MANY = 100
"""Threads up to which quick turns help. Whoever waits for its turn looks at the end of every turn whether it has come:
a thousand take all there is for nothing but looking."""
LONG_TURN = 0.05
"""Seconds after which a busy thread gives way while more than `MANY` are started."""
_ENGINE = f"{__name__.partition('.core')[0]}.core."


_plain_hook = sys.unraisablehook


def _hush(unraisable: sys.UnraisableHookArgs) -> None:
    """Say nothing of a `Stopped` that a finaliser swallowed: the role is made to raise again."""
    if unraisable.exc_type is not Stopped:
        _plain_hook(unraisable)


sys.unraisablehook = _hush


class Life:
    """A thread that can be told to leave, and made to where it does not listen."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status = Status(State.NOT_STARTED)
        self._end: State | None = None
        self._wake = Wake()
        self._guard = threading.Lock()
        self._may_raise = self._given_up = False
        self._left: Status | None = None
        self._thread = threading.Thread(target=self._run, name=f"role {name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs, or left something to whoever ends it."""
        return self._thread.is_alive() or self._left is not None

    @property
    def ident(self) -> int | None:
        """The thread's identifier, as `sys._current_frames` has it; None before it runs."""
        return self._thread.ident

    def interrupt(self, end: State = State.STOPPED) -> None:
        """Ask the role to leave at once; `end` sees to it that it does."""
        self._end = self._end or end
        self._call()

    def clear_up(self) -> None:
        """Tidy up, in the thread of whoever ended it, what a thread that is gone has left."""
        with self._guard:
            if self._left:
                # It does nothing any more but end.
                self._thread.join()
                try:
                    self._leave(self._left)
                finally:
                    self._left = None

    def give_up(self) -> None:
        """Say that it is stuck; should it ever leave, it tidies up by itself."""
        with self._guard:
            if not self._left and self.status.state.alive:
                self._given_up = True
                self.status = Status(State.STUCK, now(), "it blocks in a call that cannot be interrupted")

    def wait_gone(self, seconds: float) -> bool:
        """Wait for the thread's end and return whether it came."""
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def make_raise(self, *, anywhere: bool = False) -> None:
        """Make the thread raise `Stopped` at its next step in Python.

        Args:
            anywhere: Whether even where it is busy for the engine, so that something may remain half done: there it
                looks by itself whether it is to leave.
        """
        with self._guard:
            if self._may_raise and self._thread.ident and (anywhere or not self._in_engine()):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(Stopped)
                )

    def _in_engine(self) -> bool:
        """Tell whether the thread is in the engine's code, called by what it lives for."""
        with running() as frames:
            names = _modules(frames.get(self._thread.ident or 0))
        inside = True
        for name in names:
            if not name.startswith(_ENGINE):
                inside = False
            elif not inside:
                return True
        return inside

    def _call(self) -> None:
        """Make the thread look whether anybody wants anything."""
        self._wake.set()

    def _run(self) -> None:
        end: Status | None = None
        try:
            self._may_raise = True
            end = self._live()
            self._may_raise = False
        except Stopped:
            self._may_raise = False
        try:
            # At most one more exception can be under way: it ends here, or is called off.
            with self._guard:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)
        except Stopped:
            pass
        end = end or Status(self._end or State.STOPPED)
        with self._guard:
            if end.state is self._end and not self._given_up:
                # Many who close their sockets at once only take turns at it: whoever ends them is faster alone.
                self._left = end
                return
        self._leave(end)

    def _live(self) -> Status:
        """Do what the thread is for."""
        raise NotImplementedError

    def _leave(self, end: Status) -> None:
        """Tidy up, at the thread's end or after it; nothing interrupts this."""
        raise NotImplementedError


def _modules(frame: FrameType | None) -> list[str]:
    """Return the modules of what a thread of ours does, from its own beginning on."""
    names: list[str] = []
    while frame is not None and frame.f_code is not Life._run.__code__:
        names.append(str(frame.f_globals.get("__name__")))
        frame = frame.f_back
    return names[::-1]


_turns: list[float] = []
_turns_guard = threading.Lock()
_plain_turn = sys.getswitchinterval()


@contextmanager
def turns(seconds: float) -> Iterator[None]:
    """Have busy threads give way after `seconds`; where several ask for that, the shortest time holds."""
    global _plain_turn
    with _turns_guard:
        if not _turns:
            _plain_turn = sys.getswitchinterval()
        _turns.append(seconds)
        sys.setswitchinterval(min(_turns))
    try:
        yield
    finally:
        with _turns_guard:
            _turns.remove(seconds)
            sys.setswitchinterval(min(_turns, default=_plain_turn))


def quick_turns() -> AbstractContextManager[None]:
    """Have busy threads give way sooner: sixteen take turns of 5 ms each with whoever waits for another thread.

    It is for waiting and for many small steps: who counts takes longer where it gives way as often as all others.
    """
    return turns(QUICK_TURN)


def long_turns() -> AbstractContextManager[None]:
    """Have busy threads give way later: for starting more than `MANY`, unless they are busy with Python itself."""
    return turns(LONG_TURN)


def end(lives: Sequence[Life], how: State) -> None:
    """End roles at once, whatever they do; who cannot be made to leave is `State.STUCK` from then on."""
    if not lives:
        return
    with WAY.claimed(), quick_turns() if len(lives) <= MANY else nullcontext(), ExitStack() as stack:
        # Whatever happens. Whoever loses its turn in the middle of it waits for everybody's, so turns stay short.
        for life in lives:
            stack.callback(life.clear_up)
        for life in lives:
            life.interrupt(how)
        _see_off(lives)


def _see_off(lives: Sequence[Life]) -> None:
    nudged = now() + NUDGE
    left = [life for life in lives if not life.wait_gone(nudged - now())]
    if left:
        # Nobody's sockets stay open for whoever does not go.
        for life in lives:
            life.clear_up()
    # By number and not by the clock: where the whole process stood still meanwhile nobody had a chance.
    for chance in range(CHANCES):
        for life in left:
            life.make_raise(anywhere=chance >= CHANCES / 2)
        left = [life for life in left if not life.wait_gone(PATIENCE / CHANCES / len(left))]
    for life in left:
        life.give_up()
