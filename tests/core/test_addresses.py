"""Addresses are refused before a socket exists."""

from __future__ import annotations

import pytest

from tests.helpers import stage_of
from zmqtui.core.addresses import check_address, check_port, is_loopback, port_of
from zmqtui.core.model import BadInput
from zmqtui.core.stage import Stage
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
    assert not is_loopback("tcp://*:1")


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
