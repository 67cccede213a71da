"""Conformance scenarios against the simulated vehicle: sound ones pass, planted faults do not."""

import json
import tomllib
from pathlib import Path

import pytest

from brokers import Mosquitto
from drivers.clock import SystemClock
from edge.commands.doctor.alone import CannotRunError
from edge.commands.doctor.robot import Wish, examine
from edge.commands.doctor.robot_report import as_json, table, write
from edge.commands.doctor.robot_scenarios import SCENARIOS
from edge.commands.doctor.trial import exit_code
from robot_bench import FLOOR, QUICK, bench, device, notes, verdicts

ALL = {scenario.id for scenario in SCENARIOS}


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0", "3.0.0"])
async def test_a_sound_vehicle_passes_every_scenario(version: str, tmp_path: Path) -> None:
    with Mosquitto(supervised=True) as broker:
        async with bench(broker.port, version) as played:
            played.restart_command = broker.restart_command
            report = await played.examine()
    assert verdicts(report) == dict.fromkeys(sorted(ALL), "pass")
    assert played.book.stats()["picks"] == played.book.stats()["drops"] == 3
    assert played.answers == ["ask_power_off", "ask_power_on"]
    write(report, tmp_path, "ru")
    profile = tomllib.loads((tmp_path / "profile.toml").read_text("utf-8"))
    assert profile["version"] == version
    assert (profile["loads"], profile["instant_keys"]) == ("required", ["actions"])
    assert profile["reports_online_after_reconnect"] is True


@pytest.mark.parametrize(
    ("fault", "scenario", "one_of"),
    [
        ("not-retained", "R01", "connection_missing connection_not_retained"),
        ("no-theta", "R02", "schema_violated"),
        ("no-answer", "R03", "no_state"),
        ("no-factsheet", "R04", "no_factsheet"),
        ("no-answer", "R05", "no_instant_key"),
        ("reject", "R06", "rejected"),
        ("fails-pick", "R06", "ended_as"),
        ("deaf", "R06", "not_accepted"),
        ("reruns", "R07", "ran_again"),
        ("amnesia", "R07", "forgot_order"),
        ("chokes", "R08", "no_state"),
        ("takes-far-start", "R09", "took_far_start"),
        ("deaf", "R09", "silent_refusal"),
        ("takes-lower-update", "R10", "took_lower_update"),
        ("takes-second-order", "R11", "took_second_order"),
        ("drives-horizon", "R12", "drove_horizon"),
        ("no-updates", "R12", "rejected"),
        ("drives-after-cancel", "R13", "moves_after_cancel"),
        ("never-cancels", "R13", "cancel_unanswered"),
        ("cancels-nothing", "R14", "cancelled_nothing"),
        ("never-pauses", "R15", "not_paused"),
        ("late-accept", "R16", "not_accepted"),
        ("no-will", "R18", "no_last_will"),
        ("wrong-loads", "R19", "loads_wrong"),
        ("late-accept", "R20", "not_accepted"),
    ],
)
async def test_a_planted_fault_is_found_by_its_scenario(
    fault: str, scenario: str, one_of: str
) -> None:
    with Mosquitto() as broker:
        async with bench(broker.port, faults=(fault,)) as played:
            report = await played.examine(scenario, limits=QUICK)
    assert verdicts(report) == {scenario: "fail"}
    assert not set(one_of.split()).isdisjoint(notes(report, scenario))


async def test_a_vehicle_that_does_not_come_back_fails_the_restart() -> None:
    with Mosquitto(supervised=True) as broker:
        async with bench(broker.port, faults=("stays-away",)) as played:
            played.restart_command = broker.restart_command
            report = await played.examine("R17", limits=QUICK)
    assert notes(report, "R17") == ["stays_away"]


@pytest.mark.parametrize(
    ("fault", "scenario", "key", "learned"),
    [
        ("no-online", "R17", "reports_online_after_reconnect", False),
        ("no-loads", "R19", "loads", "none"),
        ("own-load-ids", "R19", "loads", "required"),
        ("numeric-ids", "R04", "id_numerical", True),
    ],
)
async def test_a_habit_goes_into_the_profile(
    fault: str, scenario: str, key: str, learned: object
) -> None:
    with Mosquitto(supervised=True) as broker:
        async with bench(broker.port, faults=(fault,)) as played:
            played.restart_command = broker.restart_command
            report = await played.examine(scenario)
    assert verdicts(report) == {scenario: "pass"}
    assert report.profile[key] == learned


@pytest.mark.parametrize(
    "habits", [("jumps", "shuffles", "forgives"), ("no-paused", "obstacles=60", "own-load-ids")]
)
async def test_habits_of_real_vehicles_pass(habits: tuple[str, ...]) -> None:
    with Mosquitto() as broker:
        async with bench(broker.port, faults=habits) as played:
            report = await played.examine("R06", "R15")
    assert set(verdicts(report).values()) == {"pass"}


async def test_without_leave_to_move_only_the_still_ones_are_played() -> None:
    with Mosquitto() as broker:
        async with bench(broker.port) as played:
            wish = Wish(robot="r1", pick="A", drop="C", limits=QUICK)
            clock = SystemClock()
            report = await examine(
                device(broker.port, "2.1.0"), FLOOR, wish, clock=clock, ask=played._ask
            )
            assert played.book.stats()["orders"] == []
    still = {one.id for one in SCENARIOS if not one.moves}
    assert {key for key, word in verdicts(report).items() if word == "pass"} == still
    assert {key for key, word in verdicts(report).items() if word == "skip"} == ALL - still
    assert exit_code(report.results, wish.scenarios) == 0
    assert exit_code(report.results, ("R06",)) == 2


async def test_the_report_says_it_in_two_languages_and_in_json(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with bench(broker.port, faults=("reject",)) as played:
            report = await played.examine("R03", "R06")
    assert exit_code(report.results, ()) == 1
    english, russian = ("\n".join(table(report, lang)) for lang in ("en", "ru"))
    assert "FAIL" in english
    assert "НЕТ" in russian
    rows = {row["id"]: row for row in json.loads(as_json(report))["results"]}
    assert rows["R06"]["notes"][0]["key"] == "rejected"
    assert "no order is taken today" in rows["R06"]["notes"][0]["text"]
    write(report, tmp_path, "en")
    assert "| R06 | Pick and drop | FAIL |" in (tmp_path / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(robot="r9"), "there is no robot 'r9': r1"),
        (Wish(robot="r1", scenarios=("R99",), pick="A", drop="C"), "scenario R99 is unknown"),
        (Wish(robot="r1"), "give --pick and --drop"),
    ],
)
async def test_what_cannot_be_tried_is_told_before_anything_is_sent(wish: Wish, said: str) -> None:
    async def nobody(_question: str) -> bool:
        return False

    with pytest.raises(CannotRunError, match=said):
        await examine(device(1, "2.1.0"), FLOOR, wish, clock=SystemClock(), ask=nobody)
