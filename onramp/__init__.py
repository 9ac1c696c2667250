"""The operators' command line and the sandbox that runs the whole system on one machine."""
