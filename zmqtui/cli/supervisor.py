"""The process that outlives the app: it passes signals on, and when the app dies it gives the terminal back.

Only another process can do that after libzmq has called ``abort()``. It is the one that was started and the app is
its child, so that a shell sees the end, and draws its prompt, only when the terminal is as it was.
"""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from time import sleep
from types import FrameType
from typing import Any

ORDERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that tell us to leave."""
GRACE = 5.0
"""Seconds after which an app that was told to leave is killed; it gives itself three."""
RESET = (
    "\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    "\x1b]22;default\x07\x1b[<u\x1b[m\x1b[?7h\x1b[?1049l\x1b[?25h"
)
"""Ends a sequence that was cut off and switches off what the app may have switched on; the screen comes last."""
_NEWS = os.WUNTRACED | os.WCONTINUED | os.WNOHANG

errors: int | None = None
"""A file without a name, in which standard error waits while the app draws; what is left in it the supervisor tells."""


def wanted() -> bool:
    """Return whether there is a terminal to give back, and a way to do it."""
    return hasattr(os, "fork") and all(map(os.isatty, range(3)))


def supervise() -> int | None:
    """Fork: what follows is done in a child.

    Returns:
        In the child None, at once; in the parent the exit code, after the child's end.
    """
    global errors
    errors = nameless_file()
    before = termios.tcgetattr(0)
    theirs, ours = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        _leave_with(theirs)
        return None
    os.close(theirs)
    status, told = _attend(child)
    _give_back(before)
    code = os.waitstatus_to_exitcode(status)
    if text := os.pread(errors, 1 << 16, max(0, os.fstat(errors).st_size - (1 << 16))):
        _report(text)
    if code == -signal.SIGKILL and told:
        _say(f"it did not leave within {GRACE:g} seconds and was ended")
        return 128 + told
    if code < 0 and -code not in ORDERS:
        _say(_cause(-code, text))
    return code if code >= 0 else 128 - code


def nameless_file() -> int:
    """Open a file that is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("zmqtui")
    from tempfile import TemporaryFile

    with TemporaryFile() as file:
        return os.dup(file.fileno())


def _leave_with(pipe: int) -> None:
    """Leave when the supervisor is gone, of which `pipe` tells: nobody could give the terminal back later."""
    from threading import Thread

    def wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        sleep(GRACE)
        os._exit(128 + signal.SIGTERM)

    Thread(target=wait, name="supervisor", daemon=True).start()
    # A Ctrl-C before the app listens goes to both processes and is passed on as well: no traceback for the second.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _attend(child: int) -> tuple[int, int]:
    """Pass signals on to `child`, stop when it stops, and wait for its end.

    Returns:
        Its status, and the first signal that told it to leave, or 0.
    """
    told = 0

    def forward(number: int, _: FrameType | None) -> None:
        nonlocal told
        if number in ORDERS and not told:
            told = number
            signal.setitimer(signal.ITIMER_REAL, GRACE)
        with suppress(ProcessLookupError):
            os.kill(child, number)

    def end(*_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    # In the background the terminal stops the whole group; we stop when the app did, or `fg` could come too early.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    for number in (*ORDERS, signal.SIGTSTP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)
    while True:
        status = os.waitpid(child, os.WUNTRACED)[1]
        while os.WIFSTOPPED(status):
            status = _stop_with(child)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            for number in (*ORDERS, signal.SIGTSTP, signal.SIGALRM):
                signal.signal(number, signal.SIG_IGN)
            return status, told


def _stop_with(child: int) -> int:
    """Stop, as `child` did, of which the shell knows nothing, and go on when it goes on.

    Returns:
        What happened to the child meanwhile: most likely, that it goes on.
    """
    # If both were stopped and continued, we learn of the stop a moment before the child goes on.
    sleep(0.02)
    pid, status = os.waitpid(child, _NEWS)
    if not pid:
        os.kill(os.getpid(), signal.SIGSTOP)
        # A shell continues both of us, but not everyone who continues us does.
        pid, status = os.waitpid(child, _NEWS)
        if not pid:
            os.kill(child, signal.SIGCONT)
            status = os.waitpid(child, os.WUNTRACED | os.WCONTINUED)[1]
    return status


def _give_back(before: list[Any]) -> None:
    """Make the terminal what it was, unless the app did, or it is another's by now."""
    with suppress(OSError):
        if os.tcgetpgrp(0) != os.getpgrp():
            return
    with suppress(OSError, termios.error):
        # The app mends the attributes last: as they were, there is nothing else to mend.
        if termios.tcgetattr(0)[3] != before[3]:
            with suppress(OSError):
                _write(RESET)
            termios.tcsetattr(0, termios.TCSANOW, before)
            # What the mouse did meanwhile is no input for the shell.
            termios.tcflush(0, termios.TCIFLUSH)


def _write(text: str) -> None:
    """Write to the terminal, but do not wait for one that takes nothing."""
    from select import select

    # Not what we have already: to make that non-blocking would make it so for the shell.
    how = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
    try:
        terminal = os.open(os.ttyname(2), how)
    except OSError:
        # Inside a container it may have no name, and after `su` it is still the other user's.
        terminal = os.open("/dev/tty", how)
    try:
        rest = text.encode("utf-8", "replace")
        while rest and select([], [terminal], [], 1)[1]:
            rest = rest[os.write(terminal, rest) :]
    finally:
        os.close(terminal)


def _report(text: bytes) -> None:
    """Show what was written to standard error."""
    from zmqtui.core.text import printable_lines

    with suppress(OSError):
        _write("".join(f"{line}\n" for line in printable_lines(text)))


def _say(text: str) -> None:
    from zmqtui.core.text import printable

    with suppress(OSError):
        _write(f"zmqtui: {printable(text, 1000)}\n")


def _cause(number: int, text: bytes) -> str:
    """Say in one line why `number` ended the app, of which `text` may tell."""
    for line in reversed(text.decode("utf-8", "backslashreplace").splitlines() if number == signal.SIGABRT else []):
        # As in "Assertion failed: !_closed (src/socket_base.cpp:123)", or with another text before the place.
        if any(f".{kind}pp:" in line for kind in "ch"):
            return f"libzmq ended the program: {line} – please report it"
    name = signal.Signals(number).name
    if number == signal.SIGKILL:
        return f"the program was killed ({name}), perhaps because memory ran out"
    return f"the program was ended by {name} ({signal.strsignal(number)}) – please report it"
