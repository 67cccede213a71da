"""Documents say what is there: keys, verbs, scripts, links."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.registry import DRIVERS, settings_class
from edge.catalogue import CodeLimits, MarkGroup, NumberRule, Person
from edge.cli import VERBS
from edge.commands.init import PROFILES, defaults
from edge.floor import Timers
from edge.settings.floor import RobotRow
from edge.settings.model import FeedSettings, StationSettings, TargetSettings
from source_tree import ROOT, files, text

CONFIGURATION = text(Path("docs/configuration.md"))
DOCUMENTS = [path for path in files() if path.suffix == ".md" and path.parts[0] != "tests"]
OURS = (
    StationSettings,
    TargetSettings,
    FeedSettings,
    Person,
    NumberRule,
    MarkGroup,
    CodeLimits,
    RobotRow,
    Timers,
)


def keys_of(kind: type[Any]) -> Iterator[str]:
    """Return the configuration keys of a settings dataclass and of those inside it."""
    for name, hint in typing.get_type_hints(kind).items():
        tables = [one for one in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(one)]
        for table in tables:
            yield from keys_of(typing.cast("type[Any]", table))
        if not tables:
            yield name.rstrip("_")


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_key_of_the_station_is_documented(kind: type[Any]) -> None:
    missing = [key for key in keys_of(kind) if f"`{key}`" not in CONFIGURATION]
    assert not missing


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_key_of_every_driver_is_documented(driver: str) -> None:
    assert driver in CONFIGURATION
    filled = {"robots", "station", "manufacturer"}  # come from the other files
    keys = set(keys_of(settings_class(driver))) - filled
    assert not [key for key in sorted(keys) if f"`{key}`" not in CONFIGURATION]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_value_of_init_is_documented(profile: str) -> None:
    assert not [name for name in defaults(profile, ROOT) if f"`{name}`" not in CONFIGURATION]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text(document))
    local = [target for target in targets if "://" not in target]
    broken = [target for target in local if not (ROOT / document.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_commands_in_documents_exist(document: Path) -> None:
    verbs = set(re.findall(r"\breceiving-edge ([a-z][a-z-]+)\b", text(document)))
    scripts = set(re.findall(r"\bscripts/([a-z]+)\b", text(document)))
    assert verbs <= set(VERBS)
    assert not [name for name in scripts if not (ROOT / "scripts" / name).exists()]
