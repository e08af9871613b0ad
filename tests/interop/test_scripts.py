"""Every role, exported by ``zmqtui code``, as plain scripts in processes of their own, to the pattern's proper end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.cli.program import PATIENCE
from tests.helpers import free_addresses, until
from zmqtui.__main__ import main
from zmqtui.core.model import Pattern
from zmqtui.patterns import every, find

HOSTILE = '\\x00\'"""\\n\\\\{{0}}\\xff\\x1b[31m #π…' + "x" * 200
"""What a payload may be, as it is typed."""


class Scripts:
    """Exports a pattern's roles to a folder and runs them there, where no zmqtui can be imported.

    Args:
        pattern: Whose roles.
        folder: An empty one.
        knobs: What to set.
    """

    def __init__(self, pattern: Pattern, folder: Path, *knobs: str) -> None:
        self.pattern = pattern
        self._folder = folder
        (folder / "none").mkdir()
        # Found before the installed one.
        (folder / "none" / "zmqtui.py").write_text("raise ImportError('a script needs pyzmq alone')")
        words = [f"--set={knob}" for knob in knobs]
        words += [f"--at={name}={address}" for name, address in free_addresses(pattern).items()]
        assert main(["code", pattern.name, "-o", str(folder), *words]) == 0
        self._running = ExitStack()

    def path(self, role: str) -> Path:
        """Return the script of `role`."""
        return self._folder / f"{self.pattern.name}_{role}.py"

    def start(self, role: str) -> list[subprocess.Popen[str]]:
        """Start as many of `role` as play by default."""
        environment = os.environ | {"PYTHONPATH": str(self._folder / "none"), "PYTHONUTF8": "1"}
        pipe, started = subprocess.PIPE, []
        for _ in range(self.pattern.role(role).default):
            process = subprocess.Popen(
                [sys.executable, str(self.path(role))],
                cwd=self._folder,
                env=environment,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
            self._running.callback(process.communicate)
            self._running.callback(process.kill)
            started.append(process)
        return started

    def end(self) -> None:
        """End whatever still runs."""
        self._running.close()


def finish(process: subprocess.Popen[str], typed: str = "") -> str:
    """Wait until a script comes to its end by itself and return what it printed."""
    out, errors = process.communicate(typed, timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")
    return out


def interrupt(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C: it must end, and nothing may be complained of."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.communicate("", timeout=3)
    if process.poll() is None:
        # Python misses a signal in the instant before C code blocks; an end that hangs turns this one into a traceback.
        process.send_signal(signal.SIGINT)
    return finish(process)


Export = Callable[..., Scripts]


@pytest.fixture
def export(tmp_path: Path) -> Iterator[Export]:
    """Exports a pattern; what it started is ended after the test."""
    made: list[Scripts] = []

    def begin(name: str, *knobs: str) -> Scripts:
        made.append(Scripts(find(name), tmp_path, *knobs))
        return made[-1]

    yield begin
    for scripts in made:
        scripts.end()


def test_request_reply(export: Export) -> None:
    """Every client prints its ten replies and ends; the server goes on until Ctrl-C."""
    scripts = export("reqrep", "work=0.005")
    clients, [server] = scripts.start("client"), scripts.start("server")
    for client in clients:
        assert finish(client).splitlines() == [f"Received reply {number}: b'World'" for number in range(1, 11)]
    assert interrupt(server).count("Received request: b'Hello'") == 30


def test_payloads_of_any_bytes(export: Export) -> None:
    """Zero bytes, quotes, backslashes, escapes and what is no text arrive as they were asked for."""
    payload = b'\x00\'"""\n\\{{0}}\xff\x1b[31m #' + "π…".encode() + b"x" * 200
    scripts = export("reqrep", "work=0", f"request={HOSTILE}", f"reply={HOSTILE}", "requests=1")
    [server], clients = scripts.start("server"), scripts.start("client")
    for client in clients:
        assert finish(client) == f"Received reply 1: {payload!r}\n"
    assert interrupt(server) == f"Received request: {payload!r}\n" * 3


def test_publish_subscribe(export: Export) -> None:
    """Every subscriber prints its average and ends; the publisher goes on until Ctrl-C."""
    scripts = export("pubsub", "span=300", "filter=1,\\x00'")
    subscribers, [publisher] = scripts.start("subscriber"), scripts.start("publisher")
    for subscriber in subscribers:
        assert finish(subscriber).startswith("Average temperature of 5 updates: ")
    assert interrupt(publisher) == ""


def test_pipeline(export: Export) -> None:
    """The ventilator deals on Enter and leaves; all it dealt is done, though the workers take longer than it."""
    scripts = export("pipeline", "tasks=60", "cost_max=20")
    [sink], workers, [ventilator] = scripts.start("sink"), scripts.start("worker"), scripts.start("ventilator")
    out = finish(ventilator, "\n")
    assert out.startswith("Press Enter when the workers are ready: Sending tasks to workers…\nTotal expected cost: ")
    marks, elapsed = finish(sink).splitlines()
    assert marks == ":........." * 6
    assert elapsed.startswith("Total elapsed time: ")
    for worker in workers:
        assert interrupt(worker) == ""


def test_the_end_of_input_ends_a_ventilator_that_would_go_on(export: Export) -> None:
    """Who answers once and closes standard input gets one whole batch."""
    scripts = export("pipeline", "tasks=20", "cost_max=1", "batches=0")
    [ventilator] = scripts.start("ventilator")
    workers, [sink] = scripts.start("worker"), scripts.start("sink")
    finish(ventilator, "\n")
    assert sink.stdout
    assert sink.stdout.readline() == ":........." * 2 + "\n"
    assert sink.stdout.readline().startswith("Total elapsed time: ")
    for script in (*workers, sink):
        interrupt(script)


@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_ctrl_c_ends_a_role_that_is_alone(export: Export, pattern: Pattern) -> None:
    """Whoever waits for others, to receive, to send or to deliver its last messages, can be ended."""
    scripts = export(pattern.name)
    for role in pattern.roles:
        process = scripts.start(role.name)[0]
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
        until(lambda process=process: waits(process), what=f"{role.name} under way")  # type: ignore[misc]
        interrupt(process)


def waits(process: subprocess.Popen[str]) -> bool:
    """Tell whether a script has its sockets and sleeps: libzmq's threads are there, and its own does nothing."""
    own = Path(f"/proc/{process.pid}")
    return not own.exists() or (len(os.listdir(own / "task")) > 2 and (own / "stat").read_text().split()[2] == "S")


@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_scripts_are_clean(export: Export, pattern: Pattern) -> None:
    """They compile without a warning, ruff finds nothing, and no line is too long to read."""
    scripts = export(pattern.name)
    paths = [str(scripts.path(role.name)) for role in pattern.roles]
    subprocess.run([sys.executable, "-W", "error", "-m", "py_compile", *paths], check=True)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length=120", "--select=E,F,W,I,B,N,UP,RUF,SIM"]
    done = subprocess.run([*ruff, "--ignore=RUF001,RUF002,RUF003", *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert all("import zmqtui" not in Path(path).read_text(encoding="utf-8") for path in paths)
