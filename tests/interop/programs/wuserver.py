"""The tutorial's weather server, for a few zip codes only."""

import sys
import time
from random import randint

import zmq

socket = zmq.Context().socket(zmq.PUB)
socket.bind(sys.argv[1])
while True:
    for _ in range(20):
        zipcode = randint(10000, 10002)
        temperature = randint(-80, 135)
        relhumidity = randint(10, 60)
        socket.send_string(f"{zipcode} {temperature} {relhumidity}")
    time.sleep(0.01)
