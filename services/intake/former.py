"""The words of the onboarding server that teams come from, for clients that know only those."""

from enum import StrEnum

from events.status import ServerStatus, State
from events.types import Outcome


class Former(StrEnum):
    """Its words that something here stands for.

    `pxe_booting`, `os_installed` and `ansible_ready` are never said: what installs a server is Kubernetes'
    business, after the onboarding. A client that waits for `ansible_ready` waits for `state: ready` here.
    """

    REGISTERED = "registered"
    IPMI_CONFIGURED = "ipmi_configured"
    FAILED = "failed"


_BMC_STEPS = ("vault_writer", "kea_sync")
"""With the credentials stored and the address reserved, the BMC can be worked with."""


def former(status: ServerStatus) -> Former:
    """An onboarding that a step or an operator gave up has failed; else it is as far as its BMC is."""
    if status.state is State.FAILED or status.state is State.DISCARDED:
        return Former.FAILED
    for name in _BMC_STEPS:
        step = status.step(name)
        if step is None or step.outcome is None or step.outcome is Outcome.SKIPPED:
            return Former.REGISTERED
    return Former.IPMI_CONFIGURED
