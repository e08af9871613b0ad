"""``zmqtui role``: one role against plain pyzmq programs, here played by the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import zmq

from tests.cli import program
from tests.cli.program import Program
from tests.helpers import free_port

Plain = Callable[[int], zmq.Socket[bytes]]


@pytest.fixture
def plain() -> Iterator[Plain]:
    """Makes plain sockets that give up after a while, and closes them."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = int(program.PATIENCE * 1000)
    made: list[zmq.Socket[bytes]] = []

    def make(kind: int) -> zmq.Socket[bytes]:
        made.append(context.socket(kind))
        return made[-1]

    yield make
    for socket in made:
        socket.close()
    context.term()


def address() -> str:
    """Return a tcp address that is free."""
    return f"tcp://127.0.0.1:{free_port()}"


def test_the_server(plain: Plain) -> None:
    """An outside client is served, with the tutorial's messages."""
    at = address()
    with Program("role", "reqrep", "server", "--set", "work=0", "--at", f"requests={at}") as server:
        client = plain(zmq.REQ)
        client.connect(at)
        for _ in range(3):
            client.send(b"Hello")
            assert client.recv() == b"World"
        server.wait_for("Received request: b'Hello'", 3)


def test_the_client(plain: Plain) -> None:
    """The client asks ten times and ends by itself."""
    server = plain(zmq.REP)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    with Program("role", "reqrep", "client", "--json", "--at", f"requests=tcp://127.0.0.1:{port}") as client:
        for _ in range(10):
            assert server.recv() == b"Hello"
            server.send(b"World")
        code, out, errors = client.finish()
    assert (code, errors) == (0, "")
    read = program.records(out)
    assert read[0]["command"] == "role"
    assert set(read[-1]["instances"]) == {"client-1"}
    assert read[-1]["instances"]["client-1"]["state"] == "finished"
    assert read[-1]["instances"]["client-1"]["figures"]["replies"] == 10


def test_more_than_one_client(plain: Plain) -> None:
    """--set says how many there are."""
    server = plain(zmq.REP)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    line = ["role", "reqrep", "client", "--set", "client=2", "--set", "requests=1", "--json"]
    with Program(*line, "--at", f"requests=tcp://127.0.0.1:{port}") as clients:
        for _ in range(2):
            server.recv()
            server.send(b"")
        code, out, _ = clients.finish()
    assert code == 0
    assert set(program.records(out)[-1]["instances"]) == {"client-1", "client-2"}


def test_the_publisher(plain: Plain) -> None:
    """An outside subscriber gets the tutorial's three tokens in one frame."""
    at = address()
    subscriber = plain(zmq.SUB)
    subscriber.connect(at)
    subscriber.subscribe(b"1")
    with Program("role", "pubsub", "publisher", "--at", f"weather={at}"):
        frames = subscriber.recv_multipart()
    assert len(frames) == 1
    zipcode, temperature, humidity = frames[0].split(b" ")
    assert zipcode.startswith(b"1")
    assert -80 <= int(temperature) <= 135
    assert 10 <= int(humidity) <= 60


def test_the_subscriber(plain: Plain) -> None:
    """It subscribes to 10001, takes five updates, prints the average, and ends."""
    publisher = plain(zmq.XPUB)
    port = publisher.bind_to_random_port("tcp://127.0.0.1")
    with Program("role", "pubsub", "subscriber", "--at", f"weather=tcp://127.0.0.1:{port}") as subscriber:
        assert publisher.recv() == b"\x0110001"
        publisher.send_string("20002 0 0")
        for temperature in (10, 20, 30, 40, 50):
            publisher.send_string(f"10001 {temperature} 30")
        code, out, errors = subscriber.finish()
    assert (code, errors) == (0, "")
    assert "Average temperature of 5 updates: 30.0 F" in out
    assert "20002" not in out


def test_the_worker(plain: Plain) -> None:
    """It sleeps as long as a task says and sends an empty message."""
    tasks, results = plain(zmq.PUSH), plain(zmq.PULL)
    ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (tasks, results)]
    at = [f"--at={name}=tcp://127.0.0.1:{port}" for name, port in zip(("tasks", "results"), ports, strict=True)]
    with Program("role", "pipeline", "worker", *at):
        tasks.send(b"1")
        assert results.recv_multipart() == [b""]


def test_the_sink(plain: Plain) -> None:
    """It takes the start of the batch and all hundred results, and says how long they took."""
    at = address()
    with Program("role", "pipeline", "sink", "--at", f"results={at}") as sink:
        worker = plain(zmq.PUSH)
        worker.connect(at)
        worker.send(b"0")
        for _ in range(100):
            worker.send(b"")
        code, out, _ = sink.finish()
    assert code == 0
    assert ":........." * 10 in out
    assert "Total elapsed time: " in out


def _ventilator(*more: str) -> tuple[list[str], str, str]:
    tasks, results = address(), address()
    line = [
        "role",
        "pipeline",
        "ventilator",
        "--set",
        "tasks=4",
        "--at",
        f"tasks={tasks}",
        "--at",
        f"results={results}",
    ]
    return [*line, *more], tasks, results


def test_the_ventilator_waits_for_enter(plain: Plain) -> None:
    """Nothing is sent before Enter is pressed; then the start of the batch and the tasks."""
    line, tasks, results = _ventilator()
    sink, worker = plain(zmq.PULL), plain(zmq.PULL)
    sink.bind(results)
    with Program(*line) as ventilator:
        ventilator.wait_for("Press Enter when the workers are ready")
        worker.connect(tasks)
        ventilator.wait_for("a peer connected")
        assert not sink.poll(50)
        ventilator.type("\n")
        assert sink.recv_multipart() == [b"0"]
        costs = [int(worker.recv()) for _ in range(4)]
        code, out, errors = ventilator.finish()
    assert all(1 <= cost <= 100 for cost in costs)
    assert (code, errors) == (0, "")
    assert f"Total expected cost: {sum(costs)} ms" in out


def test_the_ventilator_waits_for_so_many_workers(plain: Plain) -> None:
    """With --ready 2 it starts by itself when the second worker is there, not when the first is."""
    line, tasks, results = _ventilator("--ready", "2", "--json")
    sink = plain(zmq.PULL)
    sink.bind(results)
    workers = [plain(zmq.PULL) for _ in range(2)]
    with Program(*line) as ventilator:
        workers[0].connect(tasks)
        ventilator.wait_for("a peer connected")
        assert not sink.poll(100)
        workers[1].connect(tasks)
        assert sink.recv() == b"0"
        for worker in workers:
            assert len([worker.recv() for _ in range(2)]) == 2
        code, out, errors = ventilator.finish()
    assert (code, errors) == (0, "")
    assert program.records(out)[-1]["figures"]["tasks"] == 4


def test_the_ventilator_without_anybody_to_press_enter() -> None:
    """When standard input ends before Enter it says so: it can never go on."""
    line, _, _ = _ventilator()
    done = program.run(*line)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--ready N" in done.stderr


def test_ventilator_batches_from_a_pipe(plain: Plain) -> None:
    """Enters that are typed ahead count one batch each, and the end of input ends it in order."""
    line, tasks, results = _ventilator("--set", "batches=0")
    sink, worker = plain(zmq.PULL), plain(zmq.PULL)
    sink.bind(results)
    worker.connect(tasks)
    done = program.run(*line, stdin="\n\n\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Total expected cost") == 3


def test_a_port_in_use_fails(plain: Plain) -> None:
    """A role that cannot bind ends with exit code 1 and one line that says what to do."""
    port = plain(zmq.REP).bind_to_random_port("tcp://127.0.0.1")
    done = program.run("role", "reqrep", "server", "--at", f"requests=tcp://127.0.0.1:{port}")
    assert done.returncode == 1
    assert "! port" in done.stdout
    assert done.stderr.count("\n") == 1
    assert f"server failed: port {port} is in use by another program: " in done.stderr


def test_binding_for_everybody_is_warned_of(plain: Plain) -> None:
    """Whoever binds beyond this machine has to ask for it and is warned, in one line, and then it works."""
    port = free_port()
    line = ["role", "reqrep", "server", "--set", "work=0", "--at", f"requests=tcp://*:{port}"]
    refused = program.run(*line)
    assert refused.returncode == 2
    assert "add --expose" in refused.stderr
    with Program(*line, "--expose") as server:
        client = plain(zmq.REQ)
        client.connect(f"tcp://127.0.0.1:{port}")
        client.send(b"")
        assert client.recv() == b"World"
        server.process.terminate()
        code, _, errors = server.finish()
    assert code == 143
    assert errors.count("\n") == 1
    assert "anybody on the network" in errors
