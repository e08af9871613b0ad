"""The sockets that roles get, and what each wrote down of its messages."""
