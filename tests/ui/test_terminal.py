"""The app in a real terminal: its main job, and leaving the terminal as it was, however it is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.ui.terminal import PATIENCE, Terminal, modes, terminal

QUIT = "\x11"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
RAW = (b"\x1b]52", b"\x1b[31mHOSTILE", "\u202e".encode(), "\x9b".encode())
"""What a payload or an exception brings along must not reach the terminal, not even after the app's end."""


def app_of(opened: Terminal) -> int:
    """Return the process that draws: the child of the one that was started."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return next(int(pid) for pid, parent in map(str.split, table.splitlines()) if int(parent) == opened.process.pid)


def left(opened: Terminal) -> str:
    """Return what was written after the alternate screen was left for the last time."""
    return opened.raw.rpartition(b"\x1b[?1049l")[2].decode()


def check_left(opened: Terminal, code: int) -> None:
    """Check how the app was left: terminal restored, that exit code, no process left."""
    assert opened.ends() == code
    assert opened.restored, opened.modes
    assert not opened.orphans
    assert not any(part in opened.raw for part in RAW)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_main_job(columns: int, rows: int) -> None:
    """Start, switch tabs, edit a filter, workers ready, quit: all by keys, and the terminal is as it was."""
    arguments = ("--transport", "inproc", "--set", "work=0.01")
    with terminal(*arguments, columns=columns, rows=rows) as app:
        app.shows("space starts it", "not started")
        app.type(" ")
        app.shows("Received reply", "30 of 30 replies")
        app.type("2")
        app.shows("publisher", "space starts it")
        app.type(" ")
        app.shows("messages a second")
        app.type("\x1b[B")
        app.type("f")
        # While an input has the cursor, the keys that it takes for itself are not offered.
        app.until(lambda: "Kill" not in app.text)
        app.type("10\r")
        app.shows("Average temperature")
        app.type("3")
        app.shows("connected 0/4")
        app.type(" ")
        app.shows("connected 4/4")
        app.type("w")
        app.shows("100/100 results", "Batch 1 is done")
        app.type(QUIT)
        check_left(app, 0)


def test_modes_are_counted() -> None:
    """Protects the tests here: a mode that stays on is seen, in whatever way it was switched."""
    on = modes(b"\x1b[?1049h\x1b[?25l\x1b[>1u\x1b[?1000;1006h\x1b[?2048$p")
    assert on == {"7", "1049", "1000", "1006", "kitty 1"}
    assert modes(b"\x1b[?1049h\x1b[?25l\x1b[>1u\x1b[<u\x1b[?1049l\x1b[?25h") == modes(b"")


@pytest.mark.parametrize("modern", [False, True], ids=["plain", "modern"])
@pytest.mark.parametrize("to", ["one", "all", "app"])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_signals_leave_the_terminal_as_it_was(number: signal.Signals, to: str, modern: bool) -> None:
    """However the app is told to go, the terminal is given back and the exit code says why.

    The signal goes to the process that was started, to all of its group as a terminal's does, or to the one that draws;
    a modern terminal answers what the app asks of it, whereupon the app switches more on.
    """
    with terminal("pubsub", "--transport", "inproc", "--start") as app:
        app.shows("messages a second")
        if modern:
            app.type("\x1b[?2048;2$y")
            app.until(lambda: {"1016", "2048"} <= app.modes)
        assert {"1049", "1000", "2004", "kitty 1"} <= app.modes
        match to:
            case "one":
                os.kill(app.process.pid, number)
            case "all":
                os.killpg(app.process.pid, number)
            case "app":
                os.kill(app_of(app), number)
        check_left(app, 128 + number)
        assert not left(app).replace("\x1b[?25h", "").replace("\x1b[?1004l", "")


def test_the_pointer_has_its_own_shape_again() -> None:
    """Over an input the mouse's pointer becomes a beam: not so after the app's end."""
    with terminal("none", module="tests.ui.failing") as app:
        app.shows("● running")
        app.type("l/")
        app.shows("words  /regex/")
        row = next(number for number, line in enumerate(app.text.splitlines(), 1) if "words  /regex/" in line)
        column = app.text.splitlines()[row - 1].index("words")
        app.type(f"\x1b[<35;{column + 3};{row}M")
        app.until(lambda: "pointer" in app.modes)
        os.kill(app.process.pid, signal.SIGTERM)
        check_left(app, 143)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_before_the_first_picture(number: signal.Signals) -> None:
    """Protects from a traceback, and from a raw terminal, when the app is ended while it starts."""
    with terminal("pubsub") as app:
        app.until(lambda: "1049" in app.modes)
        os.killpg(app.process.pid, number)
        check_left(app, 128 + number)
        assert "Traceback" not in left(app)


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("assertion", 134, "zmqtui: libzmq ended the program: Assertion failed: "),
        ("abort", 134, "zmqtui: the program was ended by SIGABRT"),
        ("nameless", 134, "zmqtui: the program was ended by SIGABRT"),
        ("fault", 139, "zmqtui: the program was ended by SIGSEGV"),
    ],
)
def test_an_end_that_nobody_can_catch(how: str, code: int, words: str) -> None:
    """When libzmq aborts, the terminal is restored, and what it said and the role's line are shown."""
    with terminal(how, module="tests.ui.failing") as app:
        check_left(app, code)
        # The line is the last one, next to the prompt.
        assert left(app).splitlines()[-1].startswith(words)
        assert "failing.py" in left(app)


def test_an_end_by_a_kill() -> None:
    """When the app is killed, as by a kernel that is out of memory, the terminal is restored and a line says so."""
    with terminal("none", module="tests.ui.failing") as app:
        app.shows("● running")
        os.kill(app_of(app), signal.SIGKILL)
        check_left(app, 137)
        assert "zmqtui: the program was killed (SIGKILL)" in left(app)


@pytest.mark.parametrize("key", ["A", "B", "C"], ids=["key", "timer", "worker"])
def test_an_error_in_the_app(key: str) -> None:
    """The last line says what it was, the lines above where, all of it harmless, and no variables are shown."""
    with terminal("none", module="tests.ui.failing") as app:
        app.shows("● running")
        app.type(key)
        check_left(app, 1)
        last = left(app).splitlines()[-1]
        assert last.startswith("zmqtui: the app ended because of an error")
        assert "broken by ␛]52;" in left(app)
        assert "Traceback (most recent call last)" in left(app)
        assert "failing.py" in left(app)


@pytest.mark.parametrize(("how", "key"), [("books", ""), ("none", "D"), ("none", "F"), ("tell", "")])
def test_an_error_beside_the_app(how: str, key: str) -> None:
    """What fails in a thread, or is written to standard error, does not spoil the picture and is shown at the end."""
    with terminal(how, module="tests.ui.failing") as app:
        app.shows("● running")
        app.type(key)
        if how == "books" or key == "D":
            app.shows("A thread of the playground failed")
        elif how == "tell":
            app.shows("It has failed.")
        app.type(QUIT)
        check_left(app, 0)
        assert "␛]52;c;SE9TVElMRQ==␇␛[31mHOSTILE" in left(app)
        assert app.raw.count(b"written ") == left(app).count("written ")


def test_an_error_in_a_role() -> None:
    """A role that fails is a sight to see, and no end."""
    with terminal("role", module="tests.ui.failing") as app:
        app.shows("failed", "ValueError")
        app.type(QUIT)
        check_left(app, 0)


def test_an_app_that_hangs() -> None:
    """An app that does not listen any more is ended all the same when it is told to go."""
    with terminal("hang", module="tests.ui.failing") as app:
        app.shows("● running")
        app.type("E")
        # On the screen it may be written over by a picture that was on its way.
        app.until(lambda: b"It hangs." in app.raw)
        os.kill(app.process.pid, signal.SIGTERM)
        check_left(app, 143)
        before, last = left(app).splitlines()[-2:]
        assert before.endswith("written before it hung")
        assert last.startswith("zmqtui: it did not leave within 0.5 seconds")


def test_an_app_without_its_supervisor() -> None:
    """Without the process that was started the app goes too: nothing is left running, and the terminal is restored."""
    with terminal("pubsub", "--transport", "inproc", "--start") as app:
        app.shows("messages a second")
        os.kill(app.process.pid, signal.SIGKILL)
        assert app.process.wait(PATIENCE) == -signal.SIGKILL
        app.until(lambda: not app.orphans)
        app.ends()
        assert app.restored, app.modes


def test_no_colour() -> None:
    """With NO_COLOR every state can be told by its sign and its word, and no colour is written."""
    before = os.environ.get("NO_COLOR")
    os.environ["NO_COLOR"] = "1"
    try:
        with terminal("reqrep", "--transport", "inproc", "--start") as app:
            app.shows("▒ working", "◔ in recv()")
            app.type(QUIT)
            assert app.ends() == 0
            codes = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", app.raw))
            assert codes
            assert all(len(set(code)) == 1 for code in codes), "a colour that is not grey"
            others = re.findall(rb"\x1b\[([\d;]*)m", re.sub(rb"[34]8;2;\d+;\d+;\d+", b"", app.raw))
            # Bold, dim, underlined, reversed and the like: numbers of colours are larger, or those of the terminal.
            assert {int(code) for each in others for code in each.split(b";") if code} <= {*range(10), *range(21, 30)}
    finally:
        os.environ.pop("NO_COLOR") if before is None else os.environ.update(NO_COLOR=before)


def test_the_terminal_is_asked_for_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects from a picture of another size: COLUMNS and LINES may be those of the terminal before."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    with terminal("reqrep", "--transport", "inproc") as app:
        app.shows("2 Publish–subscribe", "space starts it")
        app.until(lambda: "^p Palette" in app.text.splitlines()[39])
        app.type(QUIT)
        assert app.ends() == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [("none", "● running"), ("role", "ValueError"), ("tell", "It has failed."), ("books", "A thread of the")],
)
def test_hung_up_terminal(how: str, words: str) -> None:
    """When the terminal goes away, the app goes too, though nobody takes its last words."""
    with terminal(how, module="tests.ui.failing") as app:
        app.shows(words)
        app.hang_up()
        assert app.process.wait(PATIENCE) == 129
        assert not app.orphans
