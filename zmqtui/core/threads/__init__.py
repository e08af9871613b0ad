"""The threads that play roles: they can be told to leave, to hold and to run a command."""
