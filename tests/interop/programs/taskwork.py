"""The tutorial's worker: sleep as long as the task says, tell the sink."""

import sys
import time

import zmq

context = zmq.Context()
receiver = context.socket(zmq.PULL)
receiver.connect(sys.argv[1])
sender = context.socket(zmq.PUSH)
sender.connect(sys.argv[2])
while True:
    s = receiver.recv()
    time.sleep(int(s) * 0.001)
    sender.send(b"")
