"""Sounds: which change is heard how, files that a stranger's reader understands, a player that
may fail and never holds anything up.
"""

import asyncio
import io
import sys
import wave as standard
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from edge.sounds.player import WAITING_MAX, Sounds
from edge.sounds.table import TONES, Sound, sound_of
from edge.sounds.waves import LOUDEST, RATE, wave
from edge.views import Feedback, Severity, StationView
from terminal_scenes import BASE, HAZARD, MUST, UNIT, VERDICT
from terminal_service import until


def heard(view: StationView, sev: Severity, t: str, **given: object) -> StationView:
    return replace(view, fb=Feedback(n=900, sev=sev, t=t, p=given))


@pytest.mark.parametrize(
    ("before", "view", "sound"),
    [
        (UNIT, heard(BASE, Severity.OK, "fb.put", zone="resale"), Sound.RESALE),
        (UNIT, heard(BASE, Severity.OK, "fb.put", zone="repair"), Sound.REPAIR),
        (UNIT, heard(BASE, Severity.OK, "fb.put", zone="disposal"), Sound.DISPOSAL),
        (UNIT, heard(BASE, Severity.OK, "fb.put", zone="hold"), Sound.HOLD),
        (BASE, heard(UNIT, Severity.OK, "fb.unit_ok"), Sound.OK),
        (BASE, heard(MUST, Severity.OK, "fb.unit_ok"), Sound.QUESTION),
        (BASE, heard(BASE, Severity.INFO, "fb.duplicate"), Sound.TICK),
        (BASE, heard(BASE, Severity.WARN, "E00"), Sound.NO),
        (BASE, heard(BASE, Severity.ERROR, "E30"), Sound.NO),
        (BASE, heard(BASE, Severity.ERROR, "E21"), Sound.ERROR),
        (VERDICT, heard(HAZARD, Severity.ERROR, "fb.danger"), Sound.ALARM),
        (BASE, heard(BASE, Severity.INFO, "fb.lang"), None),
        (BASE, BASE, None),
        (None, UNIT, None),
    ],
)
def test_a_change_of_the_screen_has_its_sound(
    before: StationView | None, view: StationView, sound: Sound | None
) -> None:
    assert sound_of(before, view) is sound


def test_no_two_sounds_are_alike() -> None:
    assert TONES.keys() == set(Sound)
    assert len({wave(tones) for tones in TONES.values()}) == len(Sound)


@pytest.mark.parametrize("sound", Sound)
def test_a_file_is_what_the_standard_reader_expects(sound: Sound) -> None:
    with standard.open(io.BytesIO(wave(TONES[sound]))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.getnframes() == sum(RATE * ms // 1000 for _, ms in TONES[sound])
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert 0.4 * LOUDEST < max(samples) <= LOUDEST // 2 + 1
    assert samples[0] == samples[-1] == 0  # no click


@pytest.mark.parametrize("hertz", [300, 1600])
def test_a_tone_has_its_pitch(hertz: int) -> None:
    samples = memoryview(wave([(hertz, 1000)])[44:]).cast("h")
    crossings = sum(a < 0 <= b for a, b in pairwise(samples))
    assert crossings == pytest.approx(hertz, abs=2)


@asynccontextmanager
async def playing(sounds: Sounds) -> AsyncIterator[None]:
    task = asyncio.create_task(sounds.run(), name="sounds")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def player(folder: Path, then: str) -> list[str]:
    """A player that notes what it was given, then does something."""
    notes = f"open({str(folder / 'played')!r}, 'a').write(sys.argv[1] + '\\n')"
    return [sys.executable, "-S", "-c", f"import sys, time; {notes}; {then}"]


def played(folder: Path) -> list[str]:
    notes = folder / "played"
    return [Path(line).name for line in notes.read_text().split()] if notes.exists() else []


async def test_a_sound_is_played_by_the_command_and_the_bell_keeps_quiet(tmp_path: Path) -> None:
    sounds = Sounds(player(tmp_path, "pass"), tmp_path / "wav")
    async with playing(sounds):
        sounds.on_view(UNIT)
        shown = sounds.on_view(heard(BASE, Severity.ERROR, "E21"))
        await until(lambda: played(tmp_path) == ["error.wav"])
        assert shown.fb is not None
        assert shown.fb.bell == 0
        assert (tmp_path / "wav" / "error.wav").read_bytes() == wave(TONES[Sound.ERROR])


async def test_a_player_that_fails_is_given_up_and_the_bell_rings_once(tmp_path: Path) -> None:
    sounds = Sounds(player(tmp_path, "sys.exit(1)"), tmp_path / "wav")
    async with playing(sounds):
        sounds.on_view(UNIT)
        sounds.on_view(heard(BASE, Severity.ERROR, "E21"))
        await until(lambda: not sounds.is_heard)
    again = sounds.on_view(replace(heard(UNIT, Severity.ERROR, "E22"), rev=2))
    same = sounds.on_view(replace(heard(UNIT, Severity.ERROR, "E22"), rev=3))
    assert again.fb is not None
    assert same.fb is not None
    fresh = Feedback(n=901, sev=Severity.ERROR, t="E22")
    new = sounds.on_view(replace(UNIT, fb=fresh)).fb
    assert new is not None
    assert new.bell == 1


@pytest.mark.parametrize("command", [["/nowhere/player"], []])
async def test_without_a_player_an_error_rings_the_bell(tmp_path: Path, command: list[str]) -> None:
    sounds = Sounds(command, tmp_path / "wav")
    async with playing(sounds):
        sounds.on_view(UNIT)
        sounds.on_view(heard(BASE, Severity.OK, "fb.put", zone="hold"))
        await until(lambda: not sounds.is_heard)
        shown = sounds.on_view(replace(BASE, fb=Feedback(n=901, sev=Severity.ERROR, t="E21")))
        assert shown.fb is not None
        assert shown.fb.bell == 1


async def test_of_many_sounds_the_newest_few_are_kept(tmp_path: Path) -> None:
    sounds = Sounds(player(tmp_path, "pass"), tmp_path / "wav")
    sounds.on_view(UNIT)
    for number in range(50):
        sev = Severity.ERROR if number == 49 else Severity.WARN
        sounds.on_view(replace(BASE, fb=Feedback(n=1000 + number, sev=sev, t="E21")))
    async with playing(sounds):
        await until(lambda: len(played(tmp_path)) == WAITING_MAX)
    assert played(tmp_path) == ["no.wav", "error.wav"]
