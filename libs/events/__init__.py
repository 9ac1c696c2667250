"""Onramp's contract (events, envelope, subjects, streams) and the chassis that every service runs on.

Reading order for a newcomer: `types` says what can happen, `steps` who waits for what, `subjects` and
`envelope` how it looks on the wire, `service` how a service is put together, `delivery` how one
message is carried through without being lost or done twice.
"""
