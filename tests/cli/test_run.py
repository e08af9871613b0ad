"""``zmqtui run``: whole patterns, headless."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli import program
from tests.helpers import free_port
from zmqtui.__main__ import main
from zmqtui.core.model import TRANSPORTS
from zmqtui.patterns import find

SMALL = {
    "reqrep": "--set work=0 --set requests=3",
    "pubsub": "--set rate=2000 --set filter=1 --set rounds=2 --set span=20",
    "pipeline": "--set tasks=20 --set cost_max=3",
}


def words(pattern: str, transport: str, *more: str) -> list[str]:
    """Return a command line that runs `pattern` on ports of its own."""
    line = ["run", pattern, "--transport", transport, *SMALL[pattern].split(), *more]
    if transport == "tcp":
        for endpoint in find(pattern).endpoints:
            line += ["--at", f"{endpoint.name}=tcp://127.0.0.1:{free_port()}"]
    return line


def run_json(capfd: pytest.CaptureFixture[str], *line: str) -> list[dict[str, Any]]:
    """Run with --json to an orderly end and return what was written."""
    assert main([*line, "--json"]) == 0
    out, errors = capfd.readouterr()
    assert errors == ""
    return program.records(out)


@pytest.mark.parametrize(("pattern", "transport"), itertools.product(SMALL, TRANSPORTS))
def test_a_pattern_comes_to_its_end(pattern: str, transport: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Every pattern on every transport ends, and the summary counts exactly the events that were written."""
    read = run_json(capfd, *words(pattern, transport))
    start, summary = read[0], read[-1]
    assert start["event"] == "start"
    assert (start["pattern"], start["transport"], start["command"]) == (pattern, transport, "run")
    assert [record["event"] for record in read].count("start") == 1
    assert [record["event"] for record in read].count("summary") == 1
    assert (summary["ended"], summary["code"]) == ("done", 0)
    assert set(start["instances"]) == set(summary["instances"])
    seen = Counter((record["role"], record["event"]) for record in read)
    for name, instance in summary["instances"].items():
        for way, event in (("sent", "send"), ("received", "recv")):
            assert instance[way]["messages"] == seen[name, event]
            assert instance[way]["messages"] == sum(port[way]["messages"] for port in instance["endpoints"])
    finished = find(pattern).done
    assert {each["state"] for each in summary["instances"].values() if each["role"] == finished} == {"finished"}


def test_the_summary_of_reqrep(capfd: pytest.CaptureFixture[str]) -> None:
    """Three clients with three requests each have nine replies, and the figures say so."""
    summary = run_json(capfd, *words("reqrep", "inproc"))[-1]
    assert summary["figures"] == {"replies": 9, "lost": 0}
    server = summary["instances"]["server"]
    assert server["received"] == {"messages": 9, "frames": 9, "bytes": 45}
    assert server["endpoints"][0]["endpoint"] == "requests"
    assert server["endpoints"][0]["socket"] == "REP"
    for name in ("client-1", "client-2", "client-3"):
        assert summary["instances"][name]["figures"]["replies"] == 3
        assert summary["instances"][name]["life"] == 1


def test_the_summary_of_pubsub(capfd: pytest.CaptureFixture[str]) -> None:
    """What a subscriber missed is in the summary, part by part."""
    summary = run_json(capfd, *words("pubsub", "ipc"))[-1]
    for name in ("subscriber-1", "subscriber-2", "subscriber-3"):
        losses = summary["instances"][name]["losses"]
        parts = ("before", "away", "dropped", "unwanted", "orphaned", "abandoned", "in_flight")
        assert losses["missing"] == sum(losses[part] for part in parts)
        assert losses["published"] == losses["received"] + losses["missing"]
        assert summary["instances"][name]["received"]["messages"] == 10


def test_the_pipeline_waits_for_its_workers(capfd: pytest.CaptureFixture[str]) -> None:
    """Tasks are dealt only when every worker is connected, so that the shares are equal; batches do not mix."""
    line = words("pipeline", "ipc", "--set", "batches=3", "--set", "worker=5")
    summary = run_json(capfd, *line)[-1]
    assert summary["figures"]["batch"] == 3
    assert (summary["figures"]["results"], summary["figures"]["lost"]) == (20, 0)
    for number in range(1, 6):
        worker = summary["instances"][f"worker-{number}"]
        assert worker["figures"]["share"] == 4
        assert worker["received"]["messages"] == 12


def test_one_instance_has_a_knob_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """An instance's own value wins, wherever it stands on the line."""
    line = words("pubsub", "inproc", "--set", "subscriber-2.filter=2,3", "--set", "filter=1")
    start = run_json(capfd, *line)[0]
    assert start["instances"]["subscriber-2"]["knobs"] == {"filter": ["2", "3"]}
    assert start["instances"]["subscriber-1"]["knobs"] == {"filter": ["1"]}


def test_the_header(capfd: pytest.CaptureFixture[str]) -> None:
    """The first line says what is needed to understand the others."""
    read = run_json(capfd, *words("reqrep", "inproc", "--seed", "7"))
    start = read[0]
    assert (start["schema"], start["t"], start["seed"]) == (1, 0.0, 7)
    assert datetime.fromisoformat(start["time"]).utcoffset() is not None
    assert start["addresses"] == {"requests": "inproc://reqrep/requests"}
    assert start["knobs"] == {"requests": 3, "work": 0.0, "request": "Hello", "reply": "World"}
    assert set(start["versions"]) == {"zmqtui", "pyzmq", "libzmq", "python"}
    assert all(type(record["t"]) is float and record["t"] >= 0 for record in read)
    assert all(type(record["role"]) is str for record in read)


@pytest.mark.parametrize(
    "payload", [b"", b"Hello", "Grüße – 你好".encode(), b"\x00\x1b[31m\x7f", b"\xff\xfe\x00", bytes(range(256))]
)
def test_a_frame_comes_back_byte_for_byte(payload: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """A frame is a string where it is UTF-8, else base64; either way its bytes are all there."""
    text = "".join(f"\\x{byte:02x}" for byte in payload)
    read = run_json(capfd, *words("reqrep", "inproc", "--set", f"request={text}"))
    frames = [record["frames"] for record in read if (record["role"], record["event"]) == ("server", "recv")]
    assert len(frames) == 9
    for (frame,) in frames:
        data = frame.encode() if isinstance(frame, str) else base64.b64decode(frame["base64"], validate=True)
        assert data == payload


def test_json_is_safe_to_look_at(capfd: pytest.CaptureFixture[str]) -> None:
    """No payload can send a terminal anything but plain ASCII."""
    assert main([*words("reqrep", "inproc", "--set", r"request=\x1b[2J\x7f\xc2\x9b"), "--json"]) == 0
    out = capfd.readouterr().out
    assert all(" " <= character <= "~" or character == "\n" for character in out)


def test_lines_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    """You should see who sent and received what, safely, and the figures at the end."""
    assert main([*words("reqrep", "inproc", "--set", r"request=\x1b[2J")]) == 0
    out, errors = capfd.readouterr()
    assert errors == ""
    assert all(line.isprintable() for line in out.splitlines())
    assert "client-1  → ␛[2J" in out
    assert "client-1  ← World" in out
    assert "  Received reply 3: b'World'" in out
    assert out.rstrip().endswith("9 of 9 replies")


def test_seconds_end_it(capfd: pytest.CaptureFixture[str]) -> None:
    """What never ends by itself ends on time, with its summary; every message published is written."""
    line = ["run", "pubsub", "--transport", "inproc", "--seconds", "0.5"]
    read = run_json(capfd, *line)
    summary = read[-1]
    assert summary["ended"] == "seconds"
    assert 0.5 <= summary["elapsed"] < 5
    sent = sum(record["event"] == "send" for record in read)
    assert sent == summary["figures"]["published"] > 100
    assert not [record for record in read if record["event"] == "skipped"]


def test_the_same_seed_the_same_weather(capfd: pytest.CaptureFixture[str]) -> None:
    """A seed makes a run repeatable."""
    line = words("pipeline", "inproc", "--seed", "3")
    costs = [
        [record["frames"] for record in run_json(capfd, *line) if record["role"] == "ventilator" and "frames" in record]
        for _ in range(2)
    ]
    assert costs[0] == costs[1]
    assert len(costs[0]) == 21


def test_a_busy_port_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    """When the server cannot have its port nothing can go on: exit code 1, and a line that says what to do."""
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["run", "reqrep", "--at", f"requests=tcp://127.0.0.1:{port}", "--json"]) == 1
    out, errors = capfd.readouterr()
    read = program.records(out)
    assert read[-1]["ended"] == "failed"
    assert read[-1]["instances"]["server"]["state"] == "failed"
    assert [record["role"] for record in read if record["event"] == "error"] == ["server"]
    assert errors.count("\n") == 1
    assert f"port {port} is in use" in errors
    assert "--at requests=tcp://127.0.0.1:" in errors


def test_a_wildcard_address_serves_ourselves_too(capfd: pytest.CaptureFixture[str]) -> None:
    """Binding everywhere works, is warned of, and our own clients still find the server."""
    line = ["run", "reqrep", *SMALL["reqrep"].split(), "--at", f"requests=tcp://*:{free_port()}"]
    assert main([*line, "--json", "--expose"]) == 0
    out, errors = capfd.readouterr()
    assert program.records(out)[-1]["figures"]["replies"] == 9
    assert errors.startswith("zmqtui: warning: anybody on the network can connect")
    assert errors.count("\n") == 1


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`zmqtui run … | head -1` ends by itself and quietly."""
    errors = tmp_path / "errors"
    with errors.open("wb") as file:
        line = program.command("run", "pubsub", "--transport", "inproc", "--json")
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=file)
        assert process.stdout
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.wait(program.PATIENCE) == 141
    assert first["event"] == "start"
    assert errors.read_bytes() == b""


@pytest.mark.parametrize("line", ["list", "--help", "--version", "list --json"])
def test_a_reader_that_never_was(line: str) -> None:
    """Short output into a closed pipe must not trace either."""
    process = subprocess.Popen(program.command(*line.split()), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate(timeout=program.PATIENCE)
    assert errors == b""
    assert process.returncode == 141


@pytest.mark.parametrize("line", ["list", "--version", "run reqrep --transport inproc --set work=0"])
def test_no_standard_output_at_all(line: str) -> None:
    """A daemon may have closed it: nothing is written, and above all nothing into somebody else's descriptor."""
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", *program.command(*line.split())]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=program.PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("line", ["list", "run reqrep --transport inproc --set work=0"])
def test_an_encoding_without_arrows(line: str) -> None:
    """Where the terminal knows ASCII only, arrows are drawn with it and nothing fails."""
    ascii_only = os.environ | {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    }
    line = f"{line} --set request=\\xc3\\xa9" if line != "list" else line
    done = subprocess.run(program.command(*line.split()), capture_output=True, env=ascii_only, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert line == "list" or b"client-1  -> \\xe9\n" in done.stdout


def test_a_full_disk_is_said() -> None:
    """A write that fails for another reason is one line and exit code 1."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as file:
        line = program.command("run", "reqrep", "--transport", "inproc", "--set", "work=0")
        done = subprocess.run(
            line, stdout=file, stderr=subprocess.PIPE, text=True, timeout=program.PATIENCE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "zmqtui: cannot write: No space left on device\n"
