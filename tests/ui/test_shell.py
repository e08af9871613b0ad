"""The app in a shell: suspended and brought back, timed out, in the background, and its end told before the prompt."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from tests.ui.terminal import PATIENCE, Terminal, terminal
from tests.ui.test_terminal import app_of, left

SHELL = ["/usr/bin/env", "PS1=ready> ", "bash", "--norc", "--noprofile", "-i"]
APP = f"{sys.executable} -m zmqtui pubsub --transport inproc --start"
SIGHTS = ("messages a second", "^p Palette", "2 Publish")
"""What the app shows once all of it is drawn."""
QUIT = "\x11"


@pytest.fixture
def shell() -> Iterator[Terminal]:
    """Open an interactive shell with job control."""
    with terminal(command=SHELL) as opened:
        opened.shows("ready>")
        yield opened


def run(shell: Terminal, line: str, *words: str) -> None:
    """Type a command on a cleared screen and wait for what it shows."""
    shell.type("clear\r")
    shell.until(lambda: shell.text.strip() == "ready>")
    shell.type(f"{line}\r")
    shell.shows(*words)


def back(shell: Terminal, *words: str) -> str:
    """Wait for the prompt and return what is above it; the terminal must be the shell's own again."""
    shell.until(lambda: "1049" not in shell.modes and "ready> " in left(shell))
    shell.shows(*words)
    above = shell.text.rpartition("ready> ")[0]
    # What the shell sets for its own prompt.
    assert shell.modes - {"2004"} == {"7", "25"}
    return above


def check(shell: Terminal, code: int) -> None:
    """Check the exit code that the shell saw, that its terminal echoes and edits, and that nothing is left running."""
    count = "stty -a | tr ' ;' '\\n' | grep -cE '^(icanon|echo|isig|ixon|icrnl)$'"
    shell.type(f'echo "[[$? $({count}) $(jobs | wc -l)]]"\r')
    shell.shows(f"[[{code} 5 0]]")


def job(shell: Terminal) -> int:
    """Return the process group of the app."""
    return os.getpgid(app_of(shell))


def gone(group: int) -> bool:
    """Return whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def suspend(shell: Terminal, how: str) -> None:
    """Suspend the app by a key, by a signal to the process that the shell knows, or to both without a warning."""
    match how:
        case "key":
            shell.type("\x1a")
        case "TSTP":
            os.kill(job(shell), signal.SIGTSTP)
        case "STOP":
            os.killpg(job(shell), signal.SIGSTOP)


@pytest.mark.parametrize("how", ["key", "TSTP", "STOP"])
def test_suspended_and_brought_back(shell: Terminal, how: str) -> None:
    """The shell gets its terminal, `fg` draws everything again, as often as you like; keys and exit code work."""
    run(shell, APP, *SIGHTS)
    for _ in range(3):
        suspend(shell, how)
        if how == "STOP":
            shell.shows("Stopped", "ready> ")
        else:
            back(shell, "Stopped")
        run(shell, "fg", *SIGHTS)
    shell.type("?")
    shell.shows("escape closes this")
    shell.type("\x1b")
    shell.until(lambda: "escape closes this" not in shell.text)
    shell.type(QUIT)
    back(shell)
    check(shell, 0)


def test_not_in_the_background(shell: Terminal) -> None:
    """In the background the app waits without drawing over the prompt, whether it was sent or started there."""
    run(shell, f"{APP} &")
    run(shell, "wait; jobs", "Stopped")
    assert "1049" not in shell.modes
    run(shell, "fg", *SIGHTS)
    suspend(shell, "key")
    back(shell, "Stopped")
    run(shell, "bg; wait; jobs", "Stopped", "ready> ")
    assert "1049" not in shell.modes
    run(shell, "fg", *SIGHTS)
    shell.type(QUIT)
    back(shell)
    check(shell, 0)


def test_ended_while_suspended(shell: Terminal) -> None:
    """A suspended app can be ended, and nothing is left."""
    run(shell, APP, *SIGHTS)
    group = job(shell)
    suspend(shell, "key")
    back(shell, "Stopped")
    run(shell, "kill %1", "ready> ")
    shell.until(lambda: gone(group))
    shell.type("wait %1\r")
    check(shell, 143)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_signal_from_a_shell(shell: Terminal, number: signal.Signals) -> None:
    """The shell sees 128 and the signal's number, and its prompt comes after all is restored."""
    run(shell, APP, *SIGHTS)
    os.kill(job(shell), number)
    assert not back(shell).strip()
    check(shell, 128 + number)


def test_a_time_limit(shell: Terminal) -> None:
    """Protects `timeout`, which signals both: its exit code, and a terminal as it was."""
    run(shell, f"timeout --foreground 1000 {APP}", *SIGHTS)
    # The time is over when its alarm says so.
    os.kill(app_of(shell), signal.SIGALRM)
    back(shell)
    check(shell, 124)


def test_ctrl_c_where_it_is_a_signal(shell: Terminal) -> None:
    """A terminal that makes a signal of Ctrl-C sends it to both processes: the first counts."""
    run(shell, f"TEXTUAL_ALLOW_SIGNALS=1 {APP}", *SIGHTS)
    shell.type("\x03")
    assert not back(shell).strip()
    check(shell, 130)


def test_an_abort_in_a_shell(shell: Terminal) -> None:
    """The reason stands above the prompt, not in the alternate screen, and the shell sees 134."""
    run(shell, f"{sys.executable} -m tests.ui.failing assertion")
    shell.until(lambda: b"\x1b[?1049l" in shell.raw)
    above = back(shell, "please report it")
    assert "libzmq ended the program: Assertion failed" in above
    check(shell, 134)


def test_a_shell_that_goes(shell: Terminal) -> None:
    """When the terminal window is closed, the app ends with its shell."""
    run(shell, APP, *SIGHTS)
    group = job(shell)
    shell.hang_up()
    shell.process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while not gone(group):
        assert time.monotonic() < deadline, "the app is still there"
