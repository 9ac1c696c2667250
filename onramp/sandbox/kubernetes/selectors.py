"""Label and field selectors: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b)`."""

import re
from collections.abc import Callable

from onramp.sandbox.kubernetes.errors import bad_request

_TERM = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<missing>[\w./-]+)"
    r"|(?P<name>[\w./-]+)\s*(?:(?P<set>in|notin)\s*\((?P<values>[^)]*)\)|(?P<sign>==|=|!=)\s*(?P<value>[^,\s]*))?)\s*(?:,|$)"
)


def fits(selector: str, value_of: Callable[[str], str | None]) -> bool:
    """Whether every term of a selector holds. :raises Refused: 400 for what is no selector."""
    position = 0
    while position < len(selector):
        term = _TERM.match(selector, position)
        if term is None:
            raise bad_request(f"unable to parse requirement: {selector}")
        if not _holds(term, value_of):
            return False
        position = term.end()
    return True


def _holds(term: re.Match[str], value_of: Callable[[str], str | None]) -> bool:
    if term["absent"]:
        return value_of(term["missing"]) is None
    found = value_of(term["name"])
    if term["set"]:
        is_in = found in [value.strip() for value in term["values"].split(",")]
        return is_in == (term["set"] == "in")
    if term["sign"]:
        return (found == term["value"]) == (term["sign"] != "!=")
    return found is not None
