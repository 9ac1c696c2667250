"""`python -m onramp.documents [--check]`, run in the checkout."""

import argparse
import sys
from pathlib import Path

from onramp.documents.files import stale, write


def main() -> None:
    """Write the documents, or exit with 1 naming those that are stale."""
    parser = argparse.ArgumentParser(prog="python -m onramp.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if any is stale")
    checking = parser.parse_args().check
    root = Path.cwd()
    if not checking:
        return write(root)
    found = stale(root)
    if found:
        sys.exit("\n".join(f"{place} is stale: run python -m onramp.documents" for place in found))
    return None


if __name__ == "__main__":
    main()
