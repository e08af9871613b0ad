"""The command line: thin, and the only part that opens the app."""

COMMANDS = ("list", "run", "role", "code")
"""The first words that decide what the command line is about; else it opens the app."""
