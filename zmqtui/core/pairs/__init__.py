"""Which received message is which sent one."""
