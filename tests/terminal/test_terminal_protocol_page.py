"""The protocol's page is tested: it names every field, its example is read, its bot works."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edge import views
from edge.views import ChecklistWork, Role, StationView, read_to_terminal
from terminal_scenes import MUST
from terminal_service import scripted, until

PAGE = (Path(__file__).parents[2] / "docs" / "terminal-protocol.md").read_text(encoding="utf-8")
RECORDS = [
    value
    for value in vars(views).values()
    if isinstance(value, type) and hasattr(value, "__dataclass_fields__")
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_page_names_every_field(record: type[Any]) -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert {field.name for field in fields(record)} <= words


@pytest.mark.parametrize("record", [r for r in RECORDS if hasattr(r, "KIND")], ids=lambda r: r.KIND)
def test_the_page_names_every_message_and_kind_of_work(record: type[Any]) -> None:
    assert f"`{record.KIND}`" in PAGE


@pytest.mark.parametrize("values", [views.Role, views.Tone, views.Severity])
def test_the_page_names_every_value(values: type[Role]) -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert {value.value for value in values} <= words


def test_the_example_view_is_read_by_the_codec() -> None:
    (example,) = blocks("json")
    view = read_to_terminal(example.replace("\n", " ").encode())
    assert isinstance(view, StationView)
    assert isinstance(view.work, ChecklistWork)
    assert view.side.moves[0].s == "carrying"


async def test_the_bot_of_the_page_answers_the_question(tmp_path: Path) -> None:
    (source,) = blocks("python")
    names: dict[str, Any] = {}
    exec(source.rpartition("asyncio.run")[0], names)
    bot: Callable[[str], Coroutine[Any, Any, None]] = names["bot"]
    async with scripted(tmp_path / "terminal.sock", MUST) as service:
        task = asyncio.create_task(bot(str(service.path)), name="bot[page]")
        await until(lambda: service.keys == ["1"])
        service.bye("replaced")
        await asyncio.wait_for(task, timeout=10.0)
    assert service.scans == []
