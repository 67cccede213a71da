"""`doctor`: states, cures and the exit code; what it measures is measured on this machine."""

import argparse
import json
import os
import socket
from pathlib import Path

import pytest

from config_folder import change, make_config
from drivers.clock import SystemClock
from edge.commands import doctor
from edge.commands.doctor.clock import clock, judged
from edge.commands.doctor.devices import nodes
from edge.commands.doctor.keys import keys
from edge.commands.doctor.lines import State, broken, good, poor
from edge.commands.doctor.links import link, links
from edge.commands.doctor.rights import access
from edge.commands.doctor.software import Library, is_wal_reset_fixed, software
from edge.commands.doctor.software import _library as library_line
from edge.commands.doctor.storage import durable_write_ms, nearest, storage
from edge.journal.file_system import type_of
from edge.service.wall_clock import said_by
from edge.settings.load import load

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /tmp rw - tmpfs tmpfs rw
31 22 0:26 / /mnt/my\\040disk rw - nfs4 server:/x rw
32 22 0:27 / /mnt/usb rw - fuseblk /dev/sdb1 rw
"""


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return doctor.run(parser.parse_args(words))


def test_without_a_configuration_the_machine_is_still_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECEIVING_EDGE_CONFIG", raising=False)
    code = run("--data", str(tmp_path), "--json")
    said = json.loads(capsys.readouterr().out)
    named = {line["what"] for line in said["lines"]}
    assert named >= {"python", "receiving-edge", "sqlite", "disk sync", "clock", "free space"}
    assert said["ok"] is (code == 0)
    assert all(line["cure"] for line in said["lines"] if line["state"] != "ok")


def test_a_broken_configuration_fails_with_the_first_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(tmp_path)
    change(config, "station.toml", "dup_s =", "dup_ms =")
    assert run("--config", str(config), "--data", str(tmp_path)) == 1
    assert "1 problems, first: station.toml: terminal.dup_ms" in capsys.readouterr().out


def test_configured_devices_and_links_get_lines(tmp_path: Path) -> None:
    config = make_config(tmp_path, values={"mqtt_port": str(_closed_port())})
    lines = {line.what: line for line in doctor.report(config, tmp_path)}
    assert lines["configuration"].state is State.OK
    assert lines["scanner hand-1"].state is State.FAIL
    assert lines["broker"].state is State.FAIL
    assert lines["platform"].state is State.WARN


def test_a_broker_that_answers_is_good(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        settings = load(make_config(tmp_path, values={"mqtt_port": port}))
        broker = next(line for line in links(settings) if line.what == "broker")
    assert broker.state is State.OK


@pytest.mark.parametrize(("is_needed", "state"), [(True, State.FAIL), (False, State.WARN)])
def test_a_link_that_must_answer_fails_and_another_warns(is_needed: bool, state: State) -> None:
    line = link("x", ("127.0.0.1", _closed_port()), "start it", is_needed=is_needed)
    assert line.state is state
    assert "does not answer" in line.said


def test_what_is_installed_is_good_and_from_one_place() -> None:
    lines = {line.what: line for line in software()}
    assert lines["receiving-edge"].state is State.OK
    assert lines["python"].state is State.OK
    assert lines["pyserial"].state is State.OK


def test_an_optional_library_warns_and_a_needed_one_fails() -> None:
    optional = Library("no_such_module", "no-such", "something off", "apt install it")
    line = library_line(optional)
    assert (line.state, line.cure) == (State.WARN, "apt install it")
    assert library_line(Library("no_such_module", "no-such")).state is State.FAIL


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_sqlite_releases_with_the_wal_reset_bug_are_known(
    version: tuple[int, ...], fixed: bool
) -> None:
    assert is_wal_reset_fixed(version) is fixed


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/tmp/x", "tmpfs"),
        ("/mnt/my disk/data", "nfs4"),
        ("/mnt/usb", "fuseblk"),
    ],
)
def test_the_deepest_mount_names_the_file_system(folder: str, kind: str) -> None:
    assert type_of(Path(folder), MOUNTS) == kind


def test_a_data_directory_that_is_not_there_warns_and_its_parent_is_measured(
    tmp_path: Path,
) -> None:
    data = tmp_path / "not" / "yet"
    assert nearest(data) == tmp_path
    lines = {line.what: line for line in storage(data, 1)}
    assert lines["data directory"].state is State.WARN
    assert "4 KiB durable in" in lines["disk sync"].said
    assert not list(tmp_path.iterdir())


def test_a_budget_above_the_disk_is_not_good(tmp_path: Path) -> None:
    lines = {line.what: line for line in storage(tmp_path, 10**12)}
    assert lines["free space"].state is State.FAIL


def test_durable_writes_are_counted(tmp_path: Path) -> None:
    p50, p99, count = durable_write_ms(tmp_path)
    assert count > 0
    assert 0 < p50 <= p99


@pytest.mark.parametrize(
    ("state", "status", "verdict"),
    [(0, 0x2001, State.OK), (5, 0x40, State.WARN), (0, 0x40, State.WARN), (5, 0, State.WARN)],
)
def test_a_clock_that_nothing_keeps_right_warns(state: int, status: int, verdict: State) -> None:
    assert judged(said_by(state, status, 16_000)).state is verdict


def test_the_kernel_can_be_asked_about_the_clock() -> None:
    assert clock().what == "clock"


def test_a_device_that_is_not_there_fails_with_a_cure(tmp_path: Path) -> None:
    line = access("scanner hand-1", tmp_path / "ttyUSB9", os.R_OK | os.W_OK)
    assert line.state is State.FAIL
    assert "devices.toml" in line.cure


def test_a_device_that_may_be_opened_is_good() -> None:
    assert access("null", Path(os.devnull), os.R_OK | os.W_OK).state is State.OK


def test_device_nodes_are_taken_from_the_drivers_settings(tmp_path: Path) -> None:
    settings = load(make_config(tmp_path, "minimal", {"scanner_port": "/dev/ttyACM0"}))
    (device,) = settings.devices
    assert list(nodes(device.settings)) == [(Path("/dev/ttyACM0"), os.R_OK | os.W_OK)]


@pytest.mark.parametrize(
    ("day", "state", "said"),
    [
        ("2999-12-31", State.OK, "its labels count to the end of 2999-12-31"),
        ("2020-12-31", State.WARN, "its labels count no more since 2020-12-31"),
    ],
)
def test_a_previous_site_key_is_named_with_its_day(
    tmp_path: Path, day: str, state: State, said: str
) -> None:
    config = make_config(tmp_path)
    assert list(keys(load(config), SystemClock())) == []
    (config / "old.key").write_bytes(bytes(32))
    (config / "old.key").chmod(0o600)
    lines = f'previous_key_file = "old.key"\nprevious_key_until = {day}\nsite_key_file'
    change(config, "station.toml", "site_key_file", lines)
    (line,) = keys(load(config), SystemClock())
    assert (line.state, line.said) == (state, said)


def test_a_line_reads_state_what_said_cure() -> None:
    assert str(good("clock", "right")) == "ok   clock                   right"
    assert str(poor("clock", "odd", "set it")) == "warn clock                   odd; cure: set it"
    assert broken("clock", "gone", "buy one").state is State.FAIL


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
