"""One Kea DHCPv4 server, as its control channel answers: a real configuration file, reservations and leases.

What it says, result codes and texts, is that of Kea 3.0's own `host_cmds`, `lease_cmds` and command managers;
only the `(file:line:column)` that Kea appends to a parser's complaint is always `(:0:0)` here.
It hands out no addresses: leases are those that `lease4-add` puts there, and they end with the process.
"""
