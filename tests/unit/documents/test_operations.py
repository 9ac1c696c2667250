"""The operators' pages name commands, options, settings and files that there are."""

import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from onramp.cli import app
from onramp.documents.settings import settings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs/operations"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name not in {"commands.md", "backends.md"})
COMMANDS_OWN = {"ONRAMP_NATS_MONITOR_URL"}
"""Settings of the command line, which the services' settings do not list."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_on_a_page_is_one_with_these_options(page: Path) -> None:
    for line in re.findall(
        r"^ *\$? ?onramp ([a-z].*)$|`onramp ([a-z][^`]*)`", page.read_text(), re.MULTILINE
    ):
        words = "".join(line).split(" #")[0].split()
        command: object = typer.main.get_command(app)
        while isinstance(command, TyperGroup) and words:
            assert words[0] in command.commands, f"onramp {''.join(line)}"
            command = command.commands[words.pop(0)]
        options = {word.split("=")[0] for word in words if word.startswith("--")}
        assert isinstance(command, TyperCommand), f"onramp {''.join(line)}"
        assert options <= {name for parameter in command.params for name in parameter.opts}, options


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_on_a_page_is_one(page: Path) -> None:
    named = set(re.findall(r"ONRAMP_[A-Z_]+", page.read_text()))
    assert named <= set(re.findall(r"ONRAMP_[A-Z_]+", settings())) | COMMANDS_OWN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text()
    assert all((FOLDER / place).is_file() for place in re.findall(r"\]\(([\w-]+\.md)\)", text))
    assert all((ROOT / place).is_file() for place in re.findall(r"`(deploy/[^`]+)`", text))


def test_the_index_leads_to_every_page() -> None:
    index = (FOLDER / "README.md").read_text()
    for page in {*FOLDER.glob("*.md")} - {FOLDER / "README.md"}:
        assert f"({page.name})" in index, page.name
