"""The two facts that the step tells."""

from events.types import AddressReserved, Host, HostEnrolled, Outcome, ServerIncomplete
from metal3_sync.handler.decide import Plan
from metal3_sync.handler.wanted import WantedHost

NO_ADDRESS = "there is no BMC address: the scan names neither bmc_ip nor bmc_prefix, and NetBox gave none"


def incomplete(event: AddressReserved) -> ServerIncomplete:
    """The end of an onboarding that no address was found for."""
    return ServerIncomplete(
        onboarding_id=event.onboarding_id,
        server=event.server,
        site=event.site,
        registration=event.registration,
        missing=("bmc_ip",),
        reason=NO_ADDRESS,
        skipped=event.skipped,
    )


def enrolled(
    event: AddressReserved, wanted: WantedHost, plan: Plan, secret: Outcome, *, nudged: bool
) -> HostEnrolled:
    """Secret and host are as the scan wants them; `nudged` when that took nothing but a word to Metal3."""
    done = list(plan.changes.values())
    outcome = plan.outcome
    if secret is not Outcome.UNCHANGED and outcome is not Outcome.CREATED:
        done.append(f"its Secret {secret.value}")
        outcome = Outcome.CHANGED
    if nudged:
        done.append("as it was; its operator is told to try again")
    return HostEnrolled(
        **event.model_dump(exclude={"outcome", "reason", "warnings"}),
        outcome=outcome,
        reason=f"{wanted.label}: {'; '.join(done) or 'as it was'}",
        host=Host(namespace=wanted.policy.namespace, name=event.server),
    )
