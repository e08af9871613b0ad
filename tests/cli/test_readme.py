"""The README's programs take the roles it says they take."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import PATIENCE, Program
from tests.helpers import free_port
from zmqtui.patterns import every

README = Path(__file__).parents[2] / "README.md"
PROGRAMS = dict(re.findall(r"```python\n# (\w+)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL))


class Outside:
    """Starts the README's programs on ports of their own, and says where they are."""

    def __init__(self) -> None:
        endpoints = [endpoint for pattern in every() for endpoint in pattern.endpoints]
        self._ports = {endpoint.port: free_port() for endpoint in endpoints}
        self._at = {endpoint.name: f"tcp://127.0.0.1:{self._ports[endpoint.port]}" for endpoint in endpoints}
        self._processes: list[subprocess.Popen[str]] = []

    def at(self, *names: str) -> list[str]:
        """Return the options that name those endpoints' addresses."""
        return [f"--at={name}={self._at[name]}" for name in names]

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start a program of the README."""
        code = PROGRAMS[name].replace("tcp://*:", "tcp://127.0.0.1:")
        for default, port in self._ports.items():
            code = code.replace(f":{default}", f":{port}")
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, "-u", "-c", code], stdin=pipe, stdout=pipe, text=True)
        self._processes.append(process)
        return process

    def end(self) -> None:
        """End them all."""
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture
def outside() -> Iterator[Outside]:
    """The outside programs of one test."""
    programs = Outside()
    yield programs
    programs.end()


def test_server(outside: Outside) -> None:
    """The README's server serves our client."""
    outside.start("server")
    with Program("role", "reqrep", "client", *outside.at("requests")) as client:
        code, out, _ = client.finish()
    assert code == 0
    assert "10 of 10 replies" in out


def test_client(outside: Outside) -> None:
    """The README's client is served by our server."""
    with Program("role", "reqrep", "server", "--set", "work=0", *outside.at("requests")) as server:
        out, _ = outside.start("client").communicate(timeout=PATIENCE)
        server.wait_for("Received request", 10)
    assert out == "b'World'\n" * 10


def test_publisher(outside: Outside) -> None:
    """Our subscriber hears the README's publisher."""
    outside.start("publisher")
    with Program("role", "pubsub", "subscriber", "--set", "filter=1", *outside.at("weather")) as subscriber:
        code, out, _ = subscriber.finish()
    assert code == 0
    assert "Average temperature of 5 updates" in out


def test_subscriber(outside: Outside) -> None:
    """The README's subscriber hears our publisher."""
    with Program("role", "pubsub", "publisher", "--set", "rate=0", "--set", "span=10009", *outside.at("weather")):
        out, _ = outside.start("subscriber").communicate(timeout=PATIENCE)
    assert len(out.splitlines()) == 5
    assert all(line.startswith("1000") for line in out.splitlines())


def test_ventilator_and_sink(outside: Outside) -> None:
    """Our worker works between the README's ventilator and sink."""
    sink, ventilator = outside.start("sink"), outside.start("ventilator")
    with Program("role", "pipeline", "worker", "--set", "slowdown=0.1", *outside.at("tasks", "results")) as worker:
        worker.wait_for("connected to", 2)
        ventilator.communicate("\n", timeout=PATIENCE)
        out, _ = sink.communicate(timeout=PATIENCE)
    assert out == "all 100 are done\n"


def test_worker(outside: Outside) -> None:
    """The README's worker works between our ventilator and sink."""
    small = ["--set", "tasks=20", "--set", "cost_max=3", *outside.at("tasks", "results")]
    with Program("role", "pipeline", "sink", *small) as sink:
        outside.start("worker")
        with Program("role", "pipeline", "ventilator", "--ready", "1", *small) as ventilator:
            assert ventilator.finish()[0] == 0
        code, out, _ = sink.finish()
    assert code == 0
    assert "20/20 results" in out
