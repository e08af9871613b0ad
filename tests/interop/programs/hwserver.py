"""The tutorial's server: reply World to every request."""

# ruff: noqa: T201

import sys
import time

import zmq

socket = zmq.Context().socket(zmq.REP)
socket.bind(sys.argv[1])
while True:
    message = socket.recv()
    print(f"Received request: {message!r}", flush=True)
    time.sleep(0.01)
    socket.send(b"World")
