"""The lab: every backend for real on one Debian machine, in one folder that it owns.

``python -m tests.lab up`` brings it up and writes ``env`` there; ``down`` ends what it started, nothing else.
"""
