"""``zmqtui code``: scripts on standard output or in files, and every mistake in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import program
from zmqtui.__main__ import main
from zmqtui.core.export.script import script
from zmqtui.core.stage import Stage
from zmqtui.patterns import every, find


def test_one_role_is_printed_as_the_app_saves_it(capfd: pytest.CaptureFixture[str]) -> None:
    """With the same addresses and values, the command and the app's key must give the same script."""
    at, filters = {"weather": "tcp://127.0.0.1:6000"}, (b"9", b"\x00'")
    stage = Stage(find("pubsub"), at=at, knobs={"rounds": 1, "subscriber-1.filter": filters})
    own = next(iter(stage.view().of("subscriber"))).knobs
    wanted = script(stage.pattern, stage.pattern.role("subscriber"), stage.addresses, stage.knobs | dict(own))
    words = ["--at=weather=tcp://127.0.0.1:6000", "--set=filter=9,\\x00'"]
    assert main(["code", "pubsub", "subscriber", *words]) == 0
    assert capfd.readouterr() == (wanted, "")
    compile(wanted, "script", "exec")


@pytest.mark.parametrize("pattern", [pattern.name for pattern in every()])
def test_all_roles_are_printed_one_after_the_other(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each under its name, so that it can be told where one begins."""
    assert main(["code", pattern]) == 0
    every_one, _ = capfd.readouterr()
    for role in find(pattern).roles:
        assert main(["code", pattern, role.name]) == 0
        assert f"# {pattern}_{role.name}.py ---" in every_one
        assert capfd.readouterr().out in every_one


def test_files_are_written_once_and_never_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is there already stays as it is, and then nothing is written at all."""
    folder = tmp_path / "new" / "scripts"
    words = ["code", "reqrep", "-o", str(folder)]
    assert main([*words, "client"]) == 0
    assert capfd.readouterr().out == f"wrote {folder}/reqrep_client.py\n"
    assert main(words) == 0
    assert capfd.readouterr().out == f"wrote {folder}/reqrep_server.py\nunchanged {folder}/reqrep_client.py\n"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (folder / "reqrep_server.py").unlink()
    assert main([*words, "--set", "requests=1"]) == 2
    says = f"zmqtui: {folder}/reqrep_client.py exists and is different: remove it, or choose another folder\n"
    assert capfd.readouterr() == ("", says)
    assert {path: path.read_bytes() for path in folder.iterdir()} == {
        path: content for path, content in before.items() if path.name == "reqrep_client.py"
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "missing PATTERN"),
        ("reqerp", "did you mean reqrep?"),
        ("reqrep sever", "did you mean server?"),
        ("reqrep server client", "one word too many"),
        ("reqrep --sett work=1", "did you mean --set?"),
        ("reqrep --transport inproc", "unknown option '--transport'"),
        ("reqrep --set wrok=1", "did you mean work?"),
        ("reqrep --set client=5", "start it 5 times"),
        ("pipeline --set worker-2.slowdown=3", "write --set slowdown=…"),
        ("pipeline --set worker-9.slowdown=3", "worker-1 to worker-4"),
        ("pipeline --set cost_min=9 --set cost_max=3", "cost_min"),
        ("reqrep --at requests=inproc://x", "inproc does not leave a process"),
        ("pipeline --at tasks=tcp://127.0.0.1:5558", "are both at"),
        ("reqrep -o", "expected one argument"),
        ("reqrep -o /dev/null", "/dev/null is no folder"),
        ("reqrep -o /dev/null/\x1b[31m", "␛[31m"),
    ],
)
def test_every_mistake_is_one_clear_line(words: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    """You should see one line that names the mistake, nothing else, and exit code 2."""
    assert main(["code", *words.split()]) == 2
    out, errors = capfd.readouterr()
    assert out == ""
    assert errors.startswith("zmqtui: ")
    assert errors.count("\n") == 1
    assert errors[:-1].isprintable()
    assert says in errors


def test_help(capfd: pytest.CaptureFixture[str]) -> None:
    """Help must show examples, fit a terminal, and name the command among the others."""
    assert main(["code", "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("usage: zmqtui code")
    assert max(map(len, lines)) <= 80
    assert main(["--help"]) == 0
    assert "zmqtui code PATTERN" in capfd.readouterr().out


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`zmqtui code reqrep | head` must end as other programs do, without a traceback."""
    shell = f"{' '.join(program.command('code', 'reqrep'))} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=program.PATIENCE, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_it_needs_no_screen() -> None:
    """It must start fast: neither Textual nor Rich is imported."""
    probe = "import sys; from zmqtui.__main__ import main; main(['code', 'reqrep']); print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.endswith("\nFalse\n")
