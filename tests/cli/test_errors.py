"""Every mistake on the command line: exit code 2 and one line that says what to do."""

from __future__ import annotations

import pytest

from tests.cli import program
from zmqtui.__main__ import main

ERRORS = [
    ("pubsup", "did you mean pubsub?"),
    ("rum", "did you mean run?"),
    ("pubsub reqrep", "one word too many"),
    ("runn reqrep", "unknown command 'runn', did you mean run?"),
    ("--theem nord", "did you mean --theme?"),
    ("--theme nrod", "did you mean nord?"),
    ("--theme", "expected one argument"),
    ("--transport udp", "choose one of tcp, inproc, ipc"),
    ("--set wrok=1", "did you mean work?"),
    ("pubsub --set work=1", "pubsub has no knob 'work'"),
    ("--set work=-1", "from 0 to 3,600 s"),
    ("--seed x", "--seed takes a whole number from -1e+18 to 1e+18, not 'x'"),
    ("list reqrep", "one word too many"),
    ("list --jsn", "did you mean --json?"),
    ("run", "missing PATTERN"),
    ("run nothing", "choose one of reqrep, pubsub, pipeline"),
    ("run reqrep --transport carrier-pigeon", "choose one of tcp, inproc, ipc"),
    ("run reqrep --second 3", "did you mean --seconds?"),
    ("run reqrep --seconds -1", "--seconds takes a number from 0"),
    ("run reqrep --seconds nan", "not 'nan'"),
    ("run reqrep --seconds inf", "not 'inf'"),
    ("run reqrep --seconds 1e999", "not '1e999'"),
    ("run reqrep --seconds soon", "not 'soon'"),
    ("run reqrep --seconds -inf", "expected one argument"),
    ("run reqrep --seed 1.5", "--seed takes a whole number"),
    (f"run reqrep --seed {'9' * 5000}", "--seed takes a whole number"),
    ("run reqrep --set work", "--set takes NAME=VALUE"),
    ("run reqrep --set =1", "--set takes NAME=VALUE"),
    ("run reqrep --set work=", "work takes a number"),
    ("run reqrep --set work=nan", "work takes a number"),
    ("run reqrep --set work=1e999", "work takes a number"),
    ("run reqrep --set requests=1.5", "requests takes a whole number"),
    (f"run reqrep --set requests={'9' * 400}", "requests takes a whole number"),
    (r"run reqrep --set request=\q", "is no byte"),
    ("run reqrep --set client=0", "client takes a whole number from 1 to 64"),
    ("run reqrep --set client=65", "client takes a whole number from 1 to 64"),
    ("run reqrep --set client=many", "client takes a whole number from 1 to 64"),
    ("run reqrep --set server=2", "server takes"),
    ("run reqrep --set client-1.work=2", "work is one knob for all"),
    ("run pipeline --set worker-9.slowdown=2", "worker-1 to worker-4"),
    ("run pipeline --set worker.slowdown=2", "worker-1 to worker-4"),
    ("run pipeline --set worker-1.speed=2", "no knob 'speed'"),
    ("run pipeline --set worker-1.slowdown=0", "slowdown takes a number"),
    ("run pipeline --set cost_min=9 --set cost_max=3", "cost_min"),
    ("run reqrep --at requests", "--at takes ENDPOINT=ADDRESS"),
    ("run reqrep --at request=tcp://127.0.0.1:6000", "did you mean requests?"),
    ("run reqrep --at requests=6000", "is no address"),
    ("run reqrep --at requests=udp://127.0.0.1:6000", "is no address"),
    ("run reqrep --at requests=tcp://127.0.0.1", "is no tcp address"),
    ("run reqrep --at requests=tcp://127.0.0.1:0", "from 1 to 65535"),
    ("run reqrep --at requests=tcp://127.0.0.1:99999", "from 1 to 65535"),
    ("run reqrep --at requests=tcp://no.such.host.invalid:6000", "is not known"),
    (f"run reqrep --at requests=ipc:///{'x' * 200}", "is too long"),
    ("run pipeline --at tasks=tcp://127.0.0.1:6000 --at results=tcp://127.0.0.1:6000", "are both at"),
    ("run reqrep --limit memory", "--limit takes NAME=VALUE"),
    ("run reqrep --limit memry=1", "did you mean memory?"),
    ("run reqrep --limit memory=x", "memory takes a whole number from 0"),
    ("role reqrep server --limit hwm=-1", "hwm takes a whole number from 0"),
    ("--limit maxmsgsize=1e9", "maxmsgsize takes a whole number from -1"),
    ("--limit heartbeat_ivl=99999999999", "heartbeat_ivl takes a whole number"),
    ("run reqrep --limit \x1b[2J=1", "␛[2J"),
    ("run reqrep --at requests=tcp://*:6000", "anybody on the network could connect"),
    ("run pubsub --at weather=tcp://0.0.0.0:6000", "add --expose"),
    ("--at requests=tcp://192.0.2.7:6000", "add --expose"),
    ("role pubsub publisher --at weather=tcp://[::]:6000", "add --expose"),
    ("run reqrep --expose", "as --at requests=tcp://*:5555"),
    ("role pubsub subscriber --expose --at weather=tcp://192.0.2.7:5556", "--expose opens nothing by itself"),
    ("role", "missing PATTERN, ROLE"),
    ("role reqrep", "missing ROLE"),
    ("role reqrep sever", "did you mean server?"),
    ("role reqrep server --transport tcp", "unknown option"),
    ("role reqrep server --ready 1", "nobody in reqrep does"),
    ("role pipeline worker --ready 1", "only ventilator does"),
    ("role pipeline ventilator --ready 0", "--ready takes a whole number from 1"),
    ("role pipeline ventilator --ready x", "--ready takes a whole number from 1"),
    ("role reqrep server --at requests=inproc://x", "inproc does not leave this process"),
    ("role reqrep client --at requests=tcp://*:6000", "write a host instead"),
    ("run \x1b[31mred", r"␛[31mred"),
    ("run reqrep --set \x1b]0;x=1", "␛]0;x"),
    ("run reqrep --\x1b[2J", "␛[2J"),
    ("run reqrep --at requests=tcp://\x1b[2J:1", "␛[2J"),
]


@pytest.mark.parametrize(("words", "says"), ERRORS, ids=[words[:60] for words, _ in ERRORS])
def test_every_mistake_is_one_clear_line(words: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    """You should see one line that names the mistake and what to do, nothing else, and exit code 2."""
    assert main(words.split(" ")) == 2
    out, errors = capfd.readouterr()
    assert out == ""
    assert errors.startswith("zmqtui: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    assert errors[:-1].isprintable()
    assert says in errors
    assert len(errors) < 400


def test_the_program_exits_with_that_code() -> None:
    """The exit code must reach the shell, and no traceback may come with it."""
    done = program.run("run", "reqrep", "--set", "wrok=1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "list --help", "run --help", "role --help"])
def test_help_shows_examples(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Help must say what there is and never fail."""
    assert main(words.split()) == 0
    out, errors = capfd.readouterr()
    assert out.startswith("usage: zmqtui")
    assert errors == ""
    assert max(map(len, out.splitlines())) <= 80


def test_versions(capfd: pytest.CaptureFixture[str]) -> None:
    """A bug report needs all five versions."""
    assert main(["--version"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["zmqtui", "pyzmq", "libzmq", "Textual", "Python"]
    assert all(line.split()[1][0].isdigit() for line in lines)
