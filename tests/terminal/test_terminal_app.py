"""The app against a real Unix socket: keys, bursts, language, reconnect, newest view wins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from edge.terminal.app import TerminalApp
from edge.terminal.rows import Rows
from edge.views import Ack, Hello, Key, Role, StationView
from terminal_scenes import BASE, MUST, PARCEL, UNIT
from terminal_service import ScriptedService, scripted, until


def seen(app: TerminalApp) -> str:
    """Everything on the screen, as text."""
    return app.query_one(Rows).text


@asynccontextmanager
async def at_work(
    folder: Path,
    view: StationView = BASE,
    *,
    role: Role = Role.OPERATOR,
    lang: str = "en",
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[tuple[ScriptedService, TerminalApp, Pilot[None]]]:
    """A terminal that shows a view of a scripted service."""
    async with scripted(folder / "terminal.sock", view) as service:
        app = TerminalApp(service.path, role, lang)
        async with app.run_test(size=size) as pilot:
            await until(lambda: app.view == view)
            yield service, app, pilot


async def test_the_first_view_is_painted_and_reported(tmp_path: Path) -> None:
    async with at_work(tmp_path, replace(BASE, rev=7)) as (service, app, _):
        await until(lambda: service.painted == [7])
        assert "Scan the parcel label." in seen(app)
        hello = service.heard[0]
        assert isinstance(hello, Hello)
        assert (hello.v, hello.role, hello.lang) == (1, Role.OPERATOR, "en")


async def test_a_key_carries_the_view_the_person_saw(tmp_path: Path) -> None:
    async with at_work(tmp_path, replace(UNIT, rev=9, epoch=4)) as (service, _, pilot):
        await pilot.press("3")
        await until(lambda: service.keys == ["3"])
        (key,) = [message for message in service.heard if isinstance(message, Key)]
        assert (key.rev, key.epoch) == (9, 4)
        assert key.id.endswith("-1")


async def test_every_key_of_the_pad_and_the_board_arrives_under_its_name(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (service, _, pilot):
        sent = [
            ("enter", "enter"),
            ("escape", "esc"),
            ("backspace", "backspace"),
            ("f1", "f1"),
            ("f12", "f12"),
            ("slash", "f9"),
            ("asterisk", "f1"),
            ("minus", "esc"),
            ("plus", "f11"),
            ("full_stop", "backspace"),
            ("comma", "backspace"),
        ]
        for name, _ in sent:
            await pilot.press(name)
        await until(lambda: len(service.keys) == len(sent))
        assert service.keys == [k for _, k in sent]


async def test_the_language_is_switched_here_and_never_sent(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT, lang="ru") as (service, app, pilot):
        assert "Нажмите только то, что НЕ так:" in seen(app)
        await pilot.press("f2")
        assert "Press only what is WRONG:" in seen(app)
        await pilot.press("f2", "f3")
        await until(lambda: service.keys == ["f3"])
        assert "Нажмите только то, что НЕ так:" in seen(app)


def burst(app: TerminalApp, text: str, *, gap: float = 0.002) -> None:
    """Post keys with times as a scanner makes them."""
    at = 1000.0
    for character in text:
        name = "enter" if character == "\r" else character
        event = events.Key(name, character)
        event.time = at
        at += gap
        app.post_message(event)


async def test_a_scanner_that_types_into_the_screen_marks_nothing(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        burst(app, "4601234567893\r")
        await until(lambda: service.scans == ["4601234567893"])
        assert service.keys == []
        assert "E72" in seen(app)


async def test_a_paste_is_one_scan(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        app.post_message(events.Paste("RMA-88123\r\n"))
        await until(lambda: service.scans == ["RMA-88123"])
        assert service.keys == []


async def test_letters_and_arrows_are_answered_here_and_not_sent(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, pilot):
        await pilot.press("up")
        assert "E71" in seen(app)
        await pilot.press("x")
        await until(lambda: "Waiting for: an answer." in seen(app))
        await pilot.press("f9")
        await until(lambda: service.keys == ["f9"])


@pytest.mark.parametrize("name", ["ctrl+c", "ctrl+q", "ctrl+z", "ctrl+p", "tab"])
async def test_no_control_key_ends_or_hides_the_operators_screen(tmp_path: Path, name: str) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, pilot):
        await pilot.press(name)
        await pilot.press("f3")
        await until(lambda: service.keys == ["f3"])
        assert app.is_running
        assert len(app.screen_stack) == 1


async def test_a_mirror_sends_nothing_and_may_be_left(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT, role=Role.MIRROR) as (service, app, pilot):
        await pilot.press("f3")
        await until(lambda: "this screen only looks" in seen(app))
        app.post_message(events.Paste("4601234567893"))
        await pilot.press("ctrl+c")
        await until(lambda: not app.is_running)
        assert service.keys == []
        assert service.scans == []


async def test_the_newest_view_wins(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (service, app, _):
        views = [replace(PARCEL, rev=rev) for rev in range(2, 200)]
        service.show(*views, replace(UNIT, rev=200))
        await until(lambda: app.view.rev == 200)
        await until(lambda: 200 in service.painted)
        assert "Press only what is WRONG:" in seen(app)
        assert len(service.painted) < 100


async def test_a_lost_service_is_said_and_the_screen_comes_back_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "terminal.sock"
    async with scripted(path, UNIT) as first:
        app = TerminalApp(path, Role.OPERATOR, "en")
        async with app.run_test(size=(80, 24)) as pilot:
            await until(lambda: app.view == UNIT)
            await first.__aexit__(None, None, None)
            await until(lambda: "E91" in seen(app))
            assert "Service not responding" in seen(app)
            await pilot.press("5")
            path.unlink(missing_ok=True)
            async with scripted(path, PARCEL) as second:
                await until(lambda: app.view == PARCEL)
                assert "E91" not in seen(app)
                await pilot.press("f7")
                await until(lambda: second.keys == ["f7"])


async def test_a_silent_service_is_dead_after_three_seconds(tmp_path: Path) -> None:
    service = ScriptedService(tmp_path / "terminal.sock", answers_pings=False)
    service.view = UNIT
    async with service:
        app = TerminalApp(service.path, Role.OPERATOR, "en")
        async with app.run_test(size=(80, 24)):
            await until(lambda: app.view == UNIT)
            await until(lambda: "E91" in seen(app))
            assert len([1 for message in service.heard if isinstance(message, Hello)]) >= 1


async def test_a_view_for_another_screen_size_fills_it(tmp_path: Path) -> None:
    async with at_work(tmp_path, MUST, size=(120, 40)) as (_, app, pilot):
        assert "MOVES" in seen(app)
        await pilot.resize_terminal(80, 24)
        await until(lambda: "MOVES" not in seen(app))
        await pilot.resize_terminal(60, 20)
        await until(lambda: "80x24 needed, now 60x20" in seen(app))


async def test_a_refusal_is_said_even_without_a_view(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        service.say(Ack(id="x-1", no="E30", p={"q": {"ru": "Да?", "en": "Powers on?"}}))
        await until(lambda: "Answer first: Powers on?" in seen(app))
        assert app.view.rev == UNIT.rev


async def test_nonsense_from_the_service_changes_nothing(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        service.send_bytes(b'{"m":"preview","slot":"top"}\n{"m":"view"}\nnot json\n\xff\n')
        service.show(replace(PARCEL, rev=2))
        await until(lambda: app.view.rev == 2)
        assert service.terminals == 1


@pytest.mark.parametrize(("why", "code"), [("replaced", 0), ("version", 1), ("refused", 1)])
async def test_a_last_goodbye_ends_the_terminal(tmp_path: Path, why: str, code: int) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        service.bye(why)
        await until(lambda: not app.is_running)
        assert app.return_code == code


async def test_another_protocol_version_ends_the_terminal(tmp_path: Path) -> None:
    async with ScriptedService(tmp_path / "terminal.sock", version=2) as service:
        app = TerminalApp(service.path, Role.OPERATOR, "en")
        async with app.run_test(size=(80, 24)):
            await until(lambda: not app.is_running)
        assert app.return_code == 1


async def test_a_stopping_service_is_waited_for(tmp_path: Path) -> None:
    async with at_work(tmp_path, UNIT) as (service, app, _):
        service.bye("stopping")
        await until(lambda: len([1 for m in service.heard if isinstance(m, Hello)]) == 2)
        assert app.is_running


async def test_the_digit_of_the_language_in_the_help_is_the_terminals_own(tmp_path: Path) -> None:
    shown = replace(BASE, overlay="help", ways=(("1", "f6", "key.moves"), ("2", "f2", "key.lang")))
    async with at_work(tmp_path, shown) as (service, app, pilot):
        await pilot.press("2")
        await until(lambda: app.lang == "ru")
        await pilot.press("1")
        await until(lambda: service.keys == ["1"])
