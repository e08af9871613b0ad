"""Who is connected to whom, as libzmq tells it."""
