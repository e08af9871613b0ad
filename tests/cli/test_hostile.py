"""Foreign text on the command line: in arguments, in values, from peers outside; it is shown, and does nothing."""

from __future__ import annotations

import signal

import pytest
import zmq

from tests.cli import program
from tests.cli.program import Program
from tests.helpers import free_port

HOSTILE = "\x1b]52;c;SE9TVElMRQ==\x07\x1b[31mHOSTILE\u202e\x9b5m\u2028\x1b[c[/red]"
"""The clipboard, a colour, the direction of writing, C1, a separator of lines, a query of the terminal, and markup."""
BYTES = [HOSTILE.encode(), b"\x9b31mHOSTILE\x05\x0e", b"\xff\xfe\x00", b"\x1bP$qm\x1b\\"]
RUN = ["run", "reqrep", "--transport", "inproc", "--seconds", "1", "--set", "work=0"]


def check(text: str) -> None:
    """Check that `text` can do nothing to a terminal but be shown."""
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "words",
    [
        ["list", HOSTILE],
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["--theme", HOSTILE],
        ["run", HOSTILE],
        ["role", HOSTILE],
        ["role", "reqrep", HOSTILE],
        ["role", "pipeline", "ventilator", "--ready", HOSTILE],
        ["code", HOSTILE],
        ["code", "reqrep", HOSTILE],
        ["code", "reqrep", "server", HOSTILE],
        ["code", "reqrep", "--set", f"client.{HOSTILE}=1"],
        ["code", "reqrep", "-o", f"/dev/null/{HOSTILE}"],
        ["run", "reqrep", f"--{HOSTILE}"],
        ["run", "reqrep", "--transport", HOSTILE],
        ["run", "reqrep", "--seed", HOSTILE],
        ["run", "reqrep", "--seconds", HOSTILE],
        ["run", "reqrep", "--set", HOSTILE],
        ["run", "reqrep", "--set", f"{HOSTILE}=1"],
        ["run", "reqrep", "--set", f"work={HOSTILE}"],
        ["run", "reqrep", "--set", f"client={HOSTILE}"],
        ["run", "reqrep", "--at", HOSTILE],
        ["run", "reqrep", "--at", f"{HOSTILE}=tcp://127.0.0.1:5"],
        ["run", "reqrep", "--at", f"requests={HOSTILE}"],
        ["run", "reqrep", "--at", f"requests=tcp://{HOSTILE}:5"],
        ["run", "reqrep", "--at", f"requests=ipc:///dev/null/{HOSTILE}"],
    ],
    ids=ascii,
)
def test_hostile_arguments(words: list[str]) -> None:
    """Every mistake is one harmless line."""
    ended = program.run(*words)
    assert (ended.returncode in (1, 2), ended.stderr.count("\n")) == (True, 1), ended
    check(ended.stdout)
    check(ended.stderr)


@pytest.mark.parametrize("json_lines", [False, True], ids=["lines", "json"])
@pytest.mark.parametrize(
    "words",
    [
        [*RUN, "--set", f"request={HOSTILE}"],
        ["run", "pubsub", "--transport", "inproc", "--seconds", "0.5", "--set", f"filter={HOSTILE}"],
    ],
    ids=["payload", "filter"],
)
def test_hostile_values(words: list[str], json_lines: bool) -> None:
    """Payloads and filters that were asked for are used as they are, and shown harmlessly."""
    ended = program.run(*words, *["--json"] * json_lines)
    assert ended.returncode == 0
    check(ended.stdout)
    check(ended.stderr)
    assert not json_lines or ended.stdout.isascii()


@pytest.mark.parametrize("json_lines", [False, True], ids=["lines", "json"])
def test_hostile_peers(json_lines: bool) -> None:
    """What a peer outside sends, with an identity of its own choice, is shown harmlessly, and answered."""
    port = free_port()
    words = ["role", "reqrep", "server", "--at", f"requests=tcp://127.0.0.1:{port}", "--set", "work=0"]
    context = zmq.Context()
    peer = context.socket(zmq.REQ)
    try:
        with Program(*words, *["--json"] * json_lines) as server:
            peer.setsockopt(zmq.LINGER, 0)
            peer.setsockopt(zmq.RCVTIMEO, int(program.PATIENCE * 1000))
            peer.setsockopt(zmq.IDENTITY, BYTES[0])
            peer.connect(f"tcp://127.0.0.1:{port}")
            for data in BYTES:
                peer.send(data)
                peer.recv()
            server.wait_for("HOSTILE", 2)
            server.signal(signal.SIGINT)
            code, out, errors = server.finish()
    finally:
        peer.close()
        context.term()
    assert (code, errors) == (130, "")
    check(out)
    assert not json_lines or out.isascii()


@pytest.mark.parametrize("knob", ["pubsub subscriber filter", "reqrep client request", "reqrep server reply"])
def test_hostile_scripts(knob: str) -> None:
    """A script with such values in it can be shown, and read by Python."""
    pattern, role, name = knob.split()
    endpoint = {"pubsub": "weather", "reqrep": "requests"}[pattern]
    at = f"{endpoint}=ipc:///tmp/it's \"\\n{{}}"
    ended = program.run("code", pattern, role, "--set", f"{name}={HOSTILE}", "--at", at)
    assert (ended.returncode, ended.stderr) == (0, "")
    check(ended.stdout)
    compile(ended.stdout, "script", "exec")
