"""The broker's check against real brokers: as they are shipped, and as they should not be."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from brokers import Mosquitto, NatsServer
from certificates import Authority
from drivers.errors import DriverLostError
from edge.commands.doctor.broker import Wish, examine
from edge.commands.doctor.broker_config import judge
from edge.commands.doctor.lines import Line, State
from edge.settings.model import DeviceSettings
from robot_bench import device

SHIPPED = Path("config/mosquitto.conf")
QUICK = Wish(watch_s=0.1, exchanges=30)


def by_name(lines: tuple[Line, ...]) -> dict[str, State]:
    return {line.what: line.state for line in lines}


def failing(lines: tuple[Line, ...]) -> set[str]:
    return {line.what for line in lines if line.state is State.FAIL}


def station(port: int, folder: Path, *, user: str = "ST-01") -> DeviceSettings:
    """Return the broker's settings with a password for the user of the shipped ACL."""
    password = folder / "password"
    password.write_text("secret\n")
    found = device(port, "2.1.0")
    settings = replace(found.settings, username=user, password_file=str(password), station="ST-01")
    return replace(found, settings=settings)


@pytest.fixture
def shipped() -> Iterator[Mosquitto]:
    """The broker of config/, with this test's own port, folder and users."""
    users = {"ST-01": "secret", "A-1": "secret"}
    with Mosquitto.shipped(users, supervised=True) as broker:
        yield broker


async def test_the_shipped_mosquitto_keeps_what_it_must_and_lets_nobody_speak_for_another(
    shipped: Mosquitto, tmp_path: Path
) -> None:
    wish = replace(
        QUICK,
        config=SHIPPED,
        restart_command=shipped.restart_command,
        robot=("A-1", "secret"),
    )
    lines = await examine(station(shipped.port, tmp_path), wish)
    assert {line.what: line.said for line in lines if line.state is not State.OK} == {}
    assert {"second answer", "rights of A-1", "retained messages", "listener 1883"} <= set(
        by_name(lines)
    )


def network_listener() -> dict[str, str]:
    """Return the lines of the shipped example for robots on a network, by their keys."""
    keys = ("#cafile", "#certfile", "#keyfile", "#require_", "#tls_version")
    lines = SHIPPED.read_text("utf-8").splitlines()
    return {line[1:].partition(" ")[0]: line[1:] for line in lines if line.startswith(keys)}


# paho leaves the socket of a handshake that fails to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_the_listener_for_networks_wants_certificates_on_both_sides(tmp_path: Path) -> None:
    authority, acl = Authority(tmp_path / "ca"), tmp_path / "acl"
    acl.write_text("topic readwrite receiving-edge/st01/doctor/#\ntopic read uagv/#\n")
    lines = network_listener()
    lines["cafile"] = f"cafile {authority.ca}"
    lines["certfile"] = f"certfile {authority.server}"
    lines["keyfile"] = f"keyfile {authority.server_key}"
    settings = "\n".join((*lines.values(), "set_tcp_nodelay true", f"acl_file {acl}", ""))
    with Mosquitto(f"{settings}allow_anonymous true\n") as broker:
        found = device(broker.port, "2.1.0")
        one = Authority(tmp_path / "own", "unlocked")
        ours = replace(
            found.settings,
            ca_file=str(authority.ca),
            cert_file=str(authority.server),
            key_file=str(authority.server_key),
        )
        report = await examine(replace(found, settings=ours), QUICK)
        states = by_name(report)
        assert (states["transport"], states["second answer"]) == (State.OK, State.OK)
        for other in (
            replace(ours, cert_file=str(one.server), key_file=str(one.server_key)),
            replace(ours, ca_file=str(one.ca)),
            found.settings,
        ):
            with pytest.raises(DriverLostError):
                await examine(replace(found, settings=other), QUICK)


async def test_a_wrong_password_is_told_as_the_broker_tells_it(
    shipped: Mosquitto, tmp_path: Path
) -> None:
    with pytest.raises(DriverLostError, match=r"(?i)authori"):
        await examine(station(shipped.port, tmp_path, user="stranger"), QUICK)


async def test_a_broker_that_forgets_and_delays_fails() -> None:
    bad = "allow_anonymous true\nset_tcp_nodelay false\npersistence true\n"
    with Mosquitto(bad, supervised=True) as broker:
        wish = replace(QUICK, restart_command=broker.restart_command)
        lines = await examine(device(broker.port, "2.1.0"), wish)
    assert failing(lines) == {"second answer", "retained messages"}
    states = by_name(lines)
    assert (states["anonymous"], states["rights of the station"]) == (State.WARN, State.WARN)


async def test_a_robot_with_too_many_rights_and_one_without_any_are_found(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        robot = replace(QUICK, robot=("A-1", "secret"))
        wide = await examine(device(broker.port, "2.1.0"), robot)
    assert "rights of A-1" in failing(wide)
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite #\nuser A-1\ntopic read nothing\n")
    acl.chmod(0o644)
    with Mosquitto(f"allow_anonymous true\nset_tcp_nodelay true\nacl_file {acl}\n") as broker:
        mute = await examine(device(broker.port, "2.1.0"), robot)
    assert {line.said for line in mute if line.what == "rights of A-1"} == {
        "its states do not arrive"
    }


async def test_a_second_service_of_the_same_station_is_found() -> None:
    with Mosquitto() as broker:
        settings = device(broker.port, "2.1.0")
        first = examine(settings, replace(QUICK, watch_s=4.0))
        lines, other = await asyncio.gather(first, examine(settings, replace(QUICK, watch_s=4.0)))
    assert "disconnected" in failing(lines) | failing(other)


async def test_the_small_nats_server_has_no_delay_and_forgets_nothing() -> None:
    with NatsServer() as broker:
        lines = await examine(device(broker.mqtt_port, "2.1.0"), QUICK)
    assert not failing(lines)


def test_the_shipped_nats_server_is_good_and_its_own_program_reads_it() -> None:
    text = Path("config/nats-server.conf").read_text("utf-8")
    assert {line.what for line in judge(text) if line.state is State.FAIL} == set()
    program = Path(sys.executable).with_name("nats-server")
    done = subprocess.run(
        [program, "-t", "-c", "config/nats-server.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("set_tcp_nodelay true", "", "set_tcp_nodelay"),
        ("set_tcp_nodelay true", "set_tcp_nodelay true # fast", "set_tcp_nodelay"),
        ("persistence true", "persistence false", "persistence"),
        ("autosave_on_changes true", "", "autosave_on_changes"),
        ("autosave_interval 1", "autosave_interval 1800", "autosave_interval"),
        ("queue_qos0_messages false", "queue_qos0_messages true", "queue_qos0_messages"),
        ("allow_anonymous false", "allow_anonymous true", "allow_anonymous"),
        ("acl_file /etc/mosquitto/acl", "", "acl_file"),
        ("listener 1883 127.0.0.1", "listener 1883", "listener 1883"),
    ],
)
def test_each_missing_line_of_mosquitto_is_told(old: str, new: str, what: str) -> None:
    text = SHIPPED.read_text("utf-8")
    assert {line.what for line in judge(text) if line.state is State.FAIL} == set()
    bad = {line.what for line in judge(text.replace(old, new, 1)) if line.state is State.FAIL}
    assert bad == {what}


def test_a_listener_with_certificates_on_both_sides_is_good() -> None:
    text = SHIPPED.read_text("utf-8")
    for key in ("listener 8883", "cafile", "certfile", "keyfile", "require_certificate"):
        text = text.replace(f"#{key}", key)
    states = {line.what: line.state for line in judge(text)}
    assert states["listener 8883"] is State.OK
    half = text.replace("require_certificate true", "")
    assert {line.what: line.state for line in judge(half)}["listener 8883"] is State.WARN


@pytest.mark.parametrize(
    ("old", "what"),
    [
        ("sync_interval: always,", "sync_interval"),
        ('server_name: "st01"', "server_name"),
        ("listen: 127.0.0.1:1883", "mqtt listen"),
    ],
)
def test_each_missing_line_of_the_nats_server_is_told(old: str, what: str) -> None:
    text = Path("config/nats-server.conf").read_text("utf-8").replace(old, "", 1)
    assert {line.what for line in judge(text) if line.state is State.FAIL} == {what}
