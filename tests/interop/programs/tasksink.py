"""The tutorial's sink, which takes all hundred results."""

# ruff: noqa: T201

import sys
import time

import zmq

receiver = zmq.Context().socket(zmq.PULL)
receiver.bind(sys.argv[1])
receiver.recv()
tstart = time.time()
for task in range(100):
    receiver.recv()
    print(":" if task % 10 == 0 else ".", end="", flush=True)
print(f"\nTotal elapsed time: {(time.time() - tstart) * 1000:.0f} msec", flush=True)
