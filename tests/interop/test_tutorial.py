"""The tutorial's programs, as plain pyzmq scripts in processes of their own, against each role."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers import connected, events, instance, received, sent, stage_of, until
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.patterns import find

PROGRAMS = Path(__file__).parent / "programs"


@contextmanager
def program(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run one of the tutorial's programs."""
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_programs_know_nothing_of_the_playground() -> None:
    """Protects the meaning of these tests."""
    for path in PROGRAMS.glob("*.py"):
        assert "zmqtui" not in path.read_text(encoding="utf-8")


def launch(stage: Stage, *roles: str) -> None:
    """Start all instances of some roles."""
    for role in roles:
        for each in stage.view().of(role):
            stage.launch(each.name)


def test_outside_client() -> None:
    """Protects the server, beside our own client."""
    with stage_of(find("reqrep"), counts={"client": 1}, knobs={"work": 0.005}) as stage:
        stage.start()
        with program("hwclient", stage.addresses["requests"]) as outside:
            output, _ = outside.communicate(timeout=20)
        assert output.splitlines() == [f"Received reply {number}: b'World'" for number in range(10)]
        until(lambda: stage.done)
        until(lambda: sent(stage, "server") == received(stage, "server") == 20)
        taken = [event for event in stage.journal.read(0)[0] if event.instance == "server" and event.kind == "recv"]
        peers = {event.peer for event in taken}
        assert "client-1" in peers
        assert any(peer.startswith("127.0.0.1:") for peer in peers)


def test_outside_server() -> None:
    """Protects the client, which is there first."""
    with stage_of(find("reqrep")) as stage:
        launch(stage, "client")
        until(lambda: all(each.state is State.RECEIVING for each in stage.view().of("client")))
        with program("hwserver", stage.addresses["requests"]):
            until(lambda: stage.done, 20)
        until(lambda: received(stage, "client") == 30)
        assert "Received reply 10: b'World'" in events(stage, "client-1", "say")


def test_outside_publisher() -> None:
    """Protects the subscriber: it gets what its filter says, averages it and ends."""
    knobs = {"rounds": 1, "subscriber-1.filter": (b"10001",), "subscriber-2.filter": (b"",)}
    with stage_of(find("pubsub"), counts={"subscriber": 2}, knobs=knobs) as stage:
        launch(stage, "subscriber")
        with program("wuserver", stage.addresses["weather"]):
            until(lambda: stage.done, 20)
        until(lambda: instance(stage, "subscriber-1").received.messages == 5)
        got = [event.frames for event in stage.journal.read(0)[0] if event.instance == "subscriber-1" and event.frames]
        assert len(got) == 5
        assert all(len(frames) == 1 and frames[0].startswith(b"10001 ") for frames in got)


def test_outside_subscriber() -> None:
    """Protects the publisher: three tokens in one frame, beside our own subscribers."""
    with stage_of(find("pubsub"), knobs={"span": 200, "rate": 5000}) as stage:
        stage.start()
        with program("wuclient", stage.addresses["weather"], "10") as outside:
            output, _ = outside.communicate(timeout=20)
        assert output.startswith("Average temperature was ")
        assert outside.returncode == 0
        connected(stage, "weather", 3)


def test_outside_ventilator() -> None:
    """Protects worker and sink: the start signal and every result are counted."""
    with stage_of(find("pipeline"), knobs={"batches": 1}) as stage:
        launch(stage, "sink", "worker")
        with program("taskvent", stage.addresses["tasks"], stage.addresses["results"]) as outside:
            assert outside.stdout
            assert outside.stdin
            assert "Press Enter" in outside.stdout.readline()
            workers = [each.name for each in stage.view().of("worker")]
            until(lambda: all(f"connected to {stage.addresses['tasks']}" in events(stage, who) for who in workers), 20)
            outside.stdin.write("\n")
            outside.stdin.flush()
            until(lambda: stage.done, 20)
            until(lambda: received(stage, "sink") == 101)
            until(lambda: sent(stage, "worker") == 100)


def test_outside_worker() -> None:
    """Protects ventilator and sink: an outside worker counts as connected and gets its share."""
    with stage_of(find("pipeline"), counts={"worker": 1}, knobs={"cost_max": 3, "batches": 1}) as stage:
        stage.start()
        with program("taskwork", stage.addresses["tasks"], stage.addresses["results"]):
            connected(stage, "tasks", 2)
            connected(stage, "results", 3)
            stage.press()
            until(lambda: stage.done, 20)
        until(lambda: received(stage, "sink") == 101)
        assert received(stage, "worker") == 50


def test_outside_sink() -> None:
    """Protects ventilator and worker: the outside sink gets the start signal first and a hundred results."""
    with stage_of(find("pipeline"), knobs={"cost_max": 3}) as stage:
        launch(stage, "worker", "ventilator")
        connected(stage, "tasks", 4)
        with program("tasksink", stage.addresses["results"]) as outside:
            stage.press()
            output, _ = outside.communicate(timeout=20)
        marks, elapsed = output.splitlines()
        assert marks == ":........." * 10
        assert elapsed.startswith("Total elapsed time: ")
        until(lambda: sent(stage, "worker") == 100)
