"""The tutorial's client: say Hello ten times."""

# ruff: noqa: T201

import sys

import zmq

socket = zmq.Context().socket(zmq.REQ)
socket.connect(sys.argv[1])
for request in range(10):
    socket.send(b"Hello")
    print(f"Received reply {request}: {socket.recv()!r}", flush=True)
