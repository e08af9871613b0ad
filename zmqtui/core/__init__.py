"""The engine: it runs patterns on real sockets and knows nothing of a screen."""
