"""The command line: thin, and the only part that opens the app."""
