"""The tutorial's weather client: the average of five updates."""

# ruff: noqa: T201

import sys

import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.setsockopt_string(zmq.SUBSCRIBE, sys.argv[2])
total = 0
for _ in range(5):
    zipcode, temperature, relhumidity = socket.recv_string().split()
    assert zipcode.startswith(sys.argv[2])
    assert -80 <= int(temperature) <= 135
    assert 10 <= int(relhumidity) <= 60
    total += int(temperature)
print(f"Average temperature was {total / 5} F", flush=True)
