"""Certificates of both sides, tokens from files, and nothing secret in any word of ours."""

import asyncio
import logging
import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from certificates import KEY_PASSWORD, Authority
from edge.journal.writer import Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.settings.tls import open_context
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after, event, opened, uuid7

TOKEN = "eyJ-Geheimnis-0815"

# A handshake that is cancelled at a test's end leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _safe(of: Authority, url: str) -> TargetSettings:
    return TargetSettings(
        name="oms",
        kind=TargetKind.HTTP_BATCH,
        url=url,
        events=("*",),
        ca_file=of.ca,
        cert_file=of.client,
        key_file=of.client_key,
        key_password_file=of.password,
    )


async def _said(folder: Path, target: TargetSettings, *states: TargetState) -> list[TargetStatus]:
    """Pump one event until one of the states is told."""
    said: list[TargetStatus] = []
    async with opened(folder, target) as journal:
        await journal.commit(Submission(events=(event(unit=uuid7(1)),)))
        work = pump(target, journal, clock=HandClock(), rng=_Soon(1), on_state=said.append)
        await cancelled_after(
            work,
            lambda: (
                bool(said)
                and said[-1].state in states
                and (said[-1].pending == 0 or said[-1].state is not TargetState.IDLE)
            ),
        )
    return said


class _Soon(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


async def test_both_sides_prove_who_they_are(tmp_path: Path) -> None:
    ours = Authority(tmp_path / "ours")
    async with HttpSink(tls=ours.server_context()) as sink:
        said = await _said(tmp_path / "data", _safe(ours, sink.url), TargetState.IDLE)
        assert said[-1].pending == 0
        assert len(sink.got) == 1


@pytest.mark.parametrize("wrong", ["ca", "no certificate", "strange certificate"])
async def test_a_stranger_on_either_side_gets_nothing(tmp_path: Path, wrong: str) -> None:
    ours, strange = Authority(tmp_path / "ours"), Authority(tmp_path / "strange", "Test CA")
    async with HttpSink(tls=ours.server_context()) as sink:
        target = _safe(ours, sink.url)
        changes: dict[str, dict[str, Any]] = {
            "ca": {"ca_file": strange.ca},
            "no certificate": {"cert_file": None, "key_file": None, "key_password_file": None},
            "strange certificate": {
                "cert_file": strange.client,
                "key_file": strange.client_key,
                "key_password_file": strange.password,
            },
        }
        worse = replace(target, **changes[wrong])
        said = await _said(tmp_path / "data", worse, TargetState.BACKING_OFF)
        assert said[-1].pending == 1
        assert not sink.got


def _always(say: Say, _: Got) -> Say:
    return say


async def test_no_secret_stands_in_a_log_a_status_or_a_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ours = Authority(tmp_path / "ours")
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n", encoding="utf-8")
    words: list[str] = []
    for status in (200, 401, 500):
        async with HttpSink(tls=ours.server_context()) as sink:
            say = Say(status=status)
            sink.answer = partial(_always, say)
            target = replace(_safe(ours, sink.url), password_file=token)
            states = (TargetState.IDLE, TargetState.REFUSED, TargetState.BACKING_OFF)
            said = await _said(tmp_path / str(status), target, *states)
            assert sink.got[0].headers["authorization"] == f"Bearer {TOKEN}"
            words += [repr(target), *map(repr, said)]
    words.append(caplog.text)
    assert not any(secret in word for word in words for secret in (TOKEN, KEY_PASSWORD))


async def test_a_key_that_cannot_be_opened_is_a_refusal_and_names_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours = Authority(tmp_path / "ours")
    ours.password.write_text("falsch-und-geheim\n", encoding="utf-8")
    async with HttpSink(tls=ours.server_context()) as sink:
        said = await _said(tmp_path / "data", _safe(ours, sink.url), TargetState.REFUSED)
        assert said[-1].reason == "cannot be opened: SSLError"
    assert "falsch" not in caplog.text
    with pytest.raises(OSError, match=r"^(?!.*falsch)"):
        open_context(_safe(ours, "https://127.0.0.1/"))


async def test_a_new_token_is_read_after_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.sync.pump.REFUSED_WAIT_S", 0.05)
    token = tmp_path / "token"
    token.write_text("old", encoding="utf-8")
    async with HttpSink() as sink:
        sink.answer = lambda got: Say(
            status=200 if got.headers["authorization"] == "Bearer new" else 401
        )
        target = TargetSettings(
            name="oms",
            kind=TargetKind.HTTP_BATCH,
            url=sink.url,
            events=("*",),
            password_file=token,
        )
        waiting = asyncio.create_task(_said(tmp_path / "data", target, TargetState.IDLE))
        await sink.until(lambda: len(sink.got) >= 1)
        token.write_text("new", encoding="utf-8")
        said = await waiting
        assert said[-1].pending == 0
        assert TargetState.REFUSED in {one.state for one in said}
