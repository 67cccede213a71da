"""The conformance run against the simulated PLC: all of it passes, and planted faults are found."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusSettings
from drivers.protocols import DeviceName
from edge.commands.doctor.alone import CannotRunError
from edge.commands.doctor.conveyor import Wish, examine
from edge.commands.doctor.conveyor_report import Report, as_json, as_markdown, table, write
from edge.commands.doctor.conveyor_scenarios import SCENARIOS
from edge.commands.doctor.conveyor_scenarios.stage import Limits
from edge.commands.doctor.conveyor_scenarios.texts import TEXTS, TITLES
from edge.commands.doctor.trial import exit_code
from edge.commands.doctor.verdict import Verdict
from edge.settings.model import DeviceClass, DeviceSettings
from ports import free_port
from serial_pair import serial_pair
from sim.conveyor.modbus import SerialPort, serving
from sim.conveyor.plc import Belt, Plc
from sim.site import Address, BeltPlace

CLOCK = SystemClock()
MS = 1_000_000
BELT = Belt(lanes=2, divert_ns=80 * MS, exit_ns=20 * MS, host_timeout_ns=2000 * MS)
LIMITS = Limits(divert_s=1.5, exit_s=0.5, echo_s=0.5)
FULL = Wish(allow_motion=True, limits=LIMITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A simulated PLC and the device that a configuration would name."""

    plc: Plc
    device: DeviceSettings

    async def person(self, question: str) -> bool:
        match question:
            case "ask_restart":
                self.plc.reboot(self.plc.boot_id + 1, time.monotonic_ns())
            case "ask_fault":
                self.plc.faults.jam = True
            case "ask_fault_gone":
                self.plc.faults.jam = False
        return True

    async def run(self, *scenarios: str) -> Report:
        wish = replace(FULL, scenarios=scenarios)
        return await examine(self.device, wish, CLOCK, self.person)

    async def verdict(self, scenario: str) -> tuple[Verdict, str]:
        (result,) = (await self.run(scenario)).results
        return result.verdict, result.notes[-1].key if result.notes else ""


@asynccontextmanager
async def rig_on(settings: ModbusSettings, serial: SerialPort | None = None) -> AsyncIterator[Rig]:
    plc = Plc(BELT, 4711, time.monotonic_ns(), lambda _: None)
    host, port = settings.address
    address = Address(host=host, port=port)
    place = BeltPlace(name="c1", address=address, base=100, lanes=2, device_id=1)
    device = DeviceSettings(
        name=DeviceName("c1"),
        device_class=DeviceClass.CONVEYOR,
        driver="conveyor.modbus",
        settings=settings,
    )
    async with serving(place, plc, serial):
        yield Rig(plc=plc, device=device)


def settings(url: str) -> ModbusSettings:
    return ModbusSettings(
        url=url,
        parity="N",
        lanes=2,
        lane_sensor=True,
        heartbeat_ms=50,
        host_timeout_ms=2000,
        reply_ms=100,
    )


@pytest.fixture
async def tcp() -> AsyncIterator[Rig]:
    async with rig_on(settings(f"tcp://127.0.0.1:{free_port()}")) as rig:
        yield rig


async def test_the_simulated_plc_passes_everything_on_tcp(tcp: Rig) -> None:
    report = await tcp.run()
    verdicts = {result.id: result.verdict for result in report.results}
    assert verdicts.pop("C13") is Verdict.SKIP  # only a serial line can be late so
    assert set(verdicts.values()) == {Verdict.PASS}, as_json(report)
    assert exit_code(report.results, FULL.scenarios) == 0
    assert all(count == 1 for count in tcp.plc.diverts.values())


async def test_the_simulated_plc_passes_everything_on_a_serial_line() -> None:
    async with serial_pair() as pair:
        serial = SerialPort(path=pair.device, parity="N")
        async with rig_on(settings(f"rtu://{pair.host}"), serial) as rig:
            report = await rig.run()
    assert {result.verdict for result in report.results} == {Verdict.PASS}, as_json(report)
    assert all(count == 1 for count in rig.plc.diverts.values())


async def test_without_leave_nothing_moves(tcp: Rig) -> None:
    wish = Wish(limits=LIMITS)
    report = await examine(tcp.device, wish, CLOCK, tcp.person)
    played = {result.id for result in report.results if result.verdict is Verdict.PASS}
    assert played == {"C01", "C02", "C07"}
    assert exit_code(report.results, wish.scenarios) == 0
    assert not tcp.plc.diverts


def wrong_lane(plc: Plc) -> None:
    plc.faults.wrong_lane = 2


def stuck_sensor(plc: Plc) -> None:
    plc.faults.stick_lane = 1


def frozen(plc: Plc) -> None:
    plc.faults.frozen = True


def never_finishes(plc: Plc) -> None:
    plc.faults.held = True


def deaf(plc: Plc) -> None:
    plc.faults.lose_writes = 99


class Forgetful(Plc):
    """Obeys a number that it has obeyed before: the mistake that diverts twice."""

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        if len(values) > 1 and self.sorter.task is None:
            self._seq_seen = 0
        super().on_write(offset, values, now_ns)


class Careless(Plc):
    """Lets a refused command end the one that runs."""

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        super().on_write(offset, values, now_ns)
        if len(values) > 1 and self._reject:
            self.sorter.cancel()


class Untimed(Plc):
    """Has no watchdog."""

    def tick(self, now_ns: int) -> None:
        self._host_seen_ns = None
        super().tick(now_ns)


class SelfStarting(Plc):
    """Starts again as soon as its host is back."""

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        super().on_write(offset, values, now_ns)
        if self.sorter.host_lost:
            self.sorter.start()


@pytest.mark.parametrize(
    ("scenario", "plant", "note"),
    [
        ("C02", frozen, "heart_slow"),
        ("C03", wrong_lane, "wrong_lane"),
        ("C03", stuck_sensor, "no_exit"),
        ("C03", never_finishes, "no_end"),
        ("C05", deaf, "driver_error"),
    ],
)
async def test_a_planted_fault_is_found(
    tcp: Rig, scenario: str, plant: Callable[[Plc], None], note: str
) -> None:
    plant(tcp.plc)
    assert await tcp.verdict(scenario) == (Verdict.FAIL, note)


@pytest.mark.parametrize(
    ("kind", "scenario", "note"),
    [
        (Forgetful, "C04", "same_number_again"),
        (Careless, "C06", "running_one_changed"),
        (Untimed, "C08", "runs_without_host"),
        (SelfStarting, "C09", "starts_by_itself"),
    ],
)
async def test_a_program_with_a_known_mistake_fails(
    tcp: Rig, kind: type[Plc], scenario: str, note: str
) -> None:
    tcp.plc.__class__ = kind
    assert await tcp.verdict(scenario) == (Verdict.FAIL, note)


async def test_a_restart_that_nobody_did_is_no_pass(tcp: Rig) -> None:
    async def idle(_question: str) -> bool:
        return True

    wish = replace(FULL, scenarios=("C10",))
    (result,) = (await examine(tcp.device, wish, CLOCK, idle)).results
    assert (result.verdict, result.notes[-1].key) == (Verdict.FAIL, "same_boot_id")


async def test_commands_of_the_tester_stand_in_for_a_person(tcp: Rig) -> None:
    wish = replace(FULL, scenarios=("C10", "C11"), restart_command="false", fault_command="true")
    report = await examine(tcp.device, wish, CLOCK, tcp.person)
    assert [r.verdict for r in report.results] == [Verdict.SKIP, Verdict.FAIL]
    assert report.results[0].notes[-1].key == "command_failed"
    assert report.results[1].notes[-1].key == "no_fault"
    assert exit_code(report.results, wish.scenarios) == 1


async def test_unknown_scenarios_and_other_styles_cannot_run(tcp: Rig) -> None:
    with pytest.raises(CannotRunError, match="C99"):
        await tcp.run("C99")
    assert exit_code((await tcp.run("C13")).results, ("C13",)) == 2


async def test_the_report_is_a_table_json_and_a_page(tcp: Rig, tmp_path: Path) -> None:
    report = await tcp.run("C01", "C05")
    assert list(table(report, "en"))[2].startswith("C01  pass")
    assert "Карта регистров" in "\n".join(table(report, "ru"))
    assert "| C05 | A lane that is not there | pass |" in as_markdown(report, "en")
    write(report, tmp_path / "out", "en")
    saved = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert [row["verdict"] for row in saved["results"]] == ["pass", "pass"]
    assert (tmp_path / "out" / "report.md").is_file()


def test_every_scenario_and_note_has_a_text_in_both_languages() -> None:
    assert {scenario.id for scenario in SCENARIOS} == set(TITLES)
    assert [scenario.id for scenario in SCENARIOS] == [f"C{n:02}" for n in range(1, 16)]
    assert all(english and russian for english, russian in TEXTS.values())
