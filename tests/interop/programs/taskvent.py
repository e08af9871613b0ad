"""The tutorial's ventilator: a hundred tasks once the workers are ready."""

# ruff: noqa: T201

import random
import sys
import time

import zmq

context = zmq.Context()
sender = context.socket(zmq.PUSH)
sender.bind(sys.argv[1])
sink = context.socket(zmq.PUSH)
sink.connect(sys.argv[2])
print("Press Enter when the workers are ready: ", flush=True)
_ = input()
sink.send(b"0")
total_msec = 0
for _task in range(100):
    workload = random.randint(1, 5)
    total_msec += workload
    sender.send_string(f"{workload}")
print(f"Total expected cost: {total_msec} msec", flush=True)
time.sleep(1)
