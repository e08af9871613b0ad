"""Addresses are refused before a socket exists."""

from __future__ import annotations

import pytest
import zmq

from tests.helpers import events, instance, pattern_of, stage_of, until
from zmqtui.core.addresses import check_address, check_port, is_loopback, port_of, resolved
from zmqtui.core.model import BadInput, Endpoints, Knobs
from zmqtui.core.role import say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.patterns import find


@pytest.mark.parametrize("port", [0, -1, 65536, 99999, 10**12])
def test_ports_that_do_not_exist(port: int) -> None:
    """Protects from libzmq, which takes a port modulo 65,536."""
    with pytest.raises(BadInput, match="from 1 to 65535"):
        check_port(port)
    with pytest.raises(BadInput):
        check_address(f"tcp://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "address",
    [
        "", "tcp", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:5555", "tcp://a:b:1", "tcp://*:*",
        "tcp://127.0.0.1:x", "udp://127.0.0.1:1", "pgm://x", "ipc://", "inproc://", "ipc://" + "x" * 200,
        "inproc://\x1b[31m", "tcp://127.0.0.1:1/", "tcp://no such host:1", "tcp://999.1.1.1:1", "tcp://1.2:1",
        "tcp://[::zz]:1", "tcp://\ud800:1", "TCP://127.0.0.1:1",
    ],
)  # fmt: skip
def test_malformed_addresses(address: str) -> None:
    """Protects from typing mistakes: one clear and printable line each, whichever way the address comes."""
    with pytest.raises(BadInput) as caught:
        check_address(address)
    assert str(caught.value).isprintable()
    with pytest.raises(BadInput):
        Stage(find("reqrep"), at={"requests": address})


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://*:65535", "tcp://[::1]:80", "ipc:///x", "inproc://x"])
def test_good_addresses(address: str) -> None:
    """Protects what libzmq takes."""
    assert check_address(address) == address


def test_names_are_resolved() -> None:
    """Protects from libzmq's resolver, which holds up every thread."""
    assert check_address("tcp://localhost:80") == "tcp://127.0.0.1:80"


def test_words() -> None:
    """Protects what messages call an address, and what counts as safe to bind."""
    assert port_of("tcp://127.0.0.1:5555") == "port 5555"
    assert port_of("inproc://x") == "inproc://x"
    assert is_loopback("tcp://127.0.0.1:1")
    assert is_loopback("ipc:///x")
    for address in ("tcp://[::1]:1", "tcp://127.8.9.1:*", "tcp://lo:1", "inproc://x"):
        assert is_loopback(address), address
    for address in (
        "tcp://*:1",
        "tcp://0.0.0.0:1",
        "tcp://[::]:1",
        "tcp://192.0.2.7:1",
        "tcp://eth0:1",
        "tipc://{1,2}",
    ):
        assert not is_loopback(address), address
    for address in ("tcp://127.evil.example:1", "tcp://127.0.0.1.example:1", "ws://127.0.0.1:1"):
        assert not is_loopback(address), address


def test_names_in_roles_are_resolved() -> None:
    """Protects every socket from a slow name server: a name never reaches libzmq's own thread if it can be resolved."""
    assert resolved("tcp://localhost:80") == "tcp://127.0.0.1:80"
    for address in ("tcp://127.0.0.1:80", "tcp://*:80", "tcp://no.such.host.invalid:80", "inproc://localhost:80"):
        assert resolved(address) == address

    def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        say(socket.recv_string())

    def client(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        by_name = endpoints.line.replace("127.0.0.1", "localhost")
        socket = context.socket(zmq.PUSH)
        socket.connect(by_name)
        assert socket.endpoint == "line"
        socket.send(b"hello")
        sleep(0.2)
        socket.disconnect(by_name)

    with stage_of(pattern_of({"server": server, "client": client}, "PULL", "PUSH")) as stage:
        stage.start()
        until(lambda: instance(stage, "client").state is State.FINISHED)
        until(lambda: events(stage, "server", "say") == ["hello"])


def test_binding_beyond_loopback_must_be_allowed() -> None:
    """Protects whoever runs a role of somebody else's: what it binds is out of reach unless that was asked for."""

    def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        port = context.socket(zmq.PULL).bind_to_random_port("tcp://*")
        say(f"open at {port}")

    pattern = pattern_of({"server": server})
    with stage_of(pattern) as stage:
        stage.start()
        until(lambda: instance(stage, "server").state is State.FAILED)
        assert "allow it by --expose" in instance(stage, "server").status.detail
    with stage_of(pattern, expose=True) as stage:
        stage.start()
        until(lambda: any("open at" in text for text in events(stage, "server", "say")))


def test_unknown_transports_and_endpoints() -> None:
    """Protects a running stage: a bad transport is refused and nothing stops."""
    with pytest.raises(BadInput, match="unknown transport"):
        Stage(find("reqrep"), transport="pgm")
    with pytest.raises(BadInput, match="no endpoint"):
        Stage(find("reqrep"), at={"nowhere": "inproc://x"})
    with stage_of(find("reqrep"), "inproc") as stage:
        stage.start()
        with pytest.raises(BadInput):
            stage.set_transport("carrier pigeon")
        assert stage.running
        assert stage.transport == "inproc"
