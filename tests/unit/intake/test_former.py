"""The words of the former onboarding server, by table."""

import pytest

from events.types import Event
from intake.former import former
from tests.unit.test_fold import CHAIN, DISCARDED, INCOMPLETE, READY, SCAN, delayed, event, failed, folded

SKIPPED = [
    *CHAIN[:2],
    event(type(CHAIN[2]), outcome="skipped"),
    event(type(CHAIN[3]), outcome="skipped", reason="no address"),
]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (CHAIN[:1], "registered"),
        (CHAIN[:3], "registered"),
        (CHAIN[:4], "ipmi_configured"),
        (CHAIN, "ipmi_configured"),
        ([*CHAIN, READY], "ipmi_configured"),
        ([*CHAIN[:2], delayed("vault_writer")], "registered"),
        ([*CHAIN, delayed("metal3_sync")], "ipmi_configured"),
        ([*CHAIN[:2], failed("vault_writer")], "failed"),
        ([*CHAIN, failed("metal3_sync")], "failed"),
        ([SCAN, DISCARDED], "failed"),
        (SKIPPED, "registered"),
        ([*SKIPPED, INCOMPLETE], "registered"),
    ],
)
def test_the_former_word_of_an_onboarding(told: list[Event], word: str) -> None:
    assert former(folded(*told)) == word
