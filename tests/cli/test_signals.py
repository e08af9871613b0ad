"""Signals end `run` and `role` in order, whatever they are doing."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.cli import program
from tests.cli.program import Program
from tests.helpers import free_port

CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), CODES)
@pytest.mark.parametrize("command", ["run reqrep --transport inproc --set work=600", "run pubsub --transport ipc"])
def test_a_signal_ends_a_run_with_its_summary(command: str, number: signal.Signals, code: int) -> None:
    """The summary comes although the server sleeps or the publisher is in a hurry, and nothing on stderr."""
    with Program(*command.split(), "--json") as playing:
        playing.wait_for('"event":"send"')
        playing.signal(number)
        ended, out, errors = playing.finish()
    assert (ended, errors) == (code, "")
    read = program.records(out)
    assert (read[-1]["event"], read[-1]["ended"], read[-1]["code"]) == ("summary", "signal", code)
    assert [record["event"] for record in read].count("summary") == 1


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_signal_ends_a_role(number: signal.Signals, code: int) -> None:
    """A client that waits for a server that never comes can be ended."""
    at = f"requests=tcp://127.0.0.1:{free_port()}"
    with Program("role", "reqrep", "client", "--at", at) as playing:
        playing.wait_for("waiting in recv()")
        playing.signal(number)
        ended, out, errors = playing.finish()
    assert (ended, errors) == (code, "")
    assert "interrupted after" in out


def test_ctrl_c_twice() -> None:
    """A second Ctrl-C right after the first neither hangs nor traces."""
    with Program("run", "reqrep", "--transport", "inproc", "--set", "work=600") as playing:
        playing.wait_for("Hello")
        playing.signal(signal.SIGINT)
        playing.signal(signal.SIGINT)
        ended, _, errors = playing.finish()
    assert (ended, errors) == (130, "")


def test_a_reader_that_stalls_cannot_hold_us() -> None:
    """A full pipe that nobody reads must not keep a signal from ending the program."""
    read, write = os.pipe()
    try:
        line = program.command("run", "pubsub", "--transport", "inproc", "--json", "--set", "filter=")
        process = subprocess.Popen(line, stdout=write, stderr=subprocess.PIPE)
        os.read(read, 10)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=program.PATIENCE)
        assert (process.returncode, errors) == (143, b"")
    finally:
        os.close(read)
        os.close(write)
