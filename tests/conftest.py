"""What is collected only where it can run: the lab's tests with its environment, some others with a program.

In CI nothing is left out for want of a program: there it fails.
"""

import os
import shutil

NEEDS = {"curl": ["integration/intake/test_curl.py", "integration/intake/test_api_page.py"]}

_missing = [] if "CI" in os.environ else [program for program in NEEDS if shutil.which(program) is None]

collect_ignore = [] if "ONRAMP_LAB_BMCS" in os.environ else ["real"]
collect_ignore += [file for program in _missing for file in NEEDS[program]]


def pytest_report_header() -> list[str]:
    """Say what is left out."""
    return [f"without {program}: {', '.join(NEEDS[program])} left out" for program in _missing]
