"""Vendor profiles: every key read, every mistake told with its place, names held against limits."""

from pathlib import Path

import pytest

from config_folder import change, make_config
from drivers.robot.vda5050_mqtt import LoadsUse, RobotProfile, Vda5050Settings
from edge.settings.load import SettingsError, load

PROFILE = "profiles/demo-2.1.toml"
WHOLE = """
version = "3.0.0"
interface = "acme"
instant_keys = ["actions", "instantActions"]
action_name = true
deviation_keys = ["allowedDeviationXy"]
node_position = false
free_nav = true
temp_start_node = true
start_deviation_m = 1
loads = "none"
reports_online_after_reconnect = false
min_order_interval_s = 2
id_numerical = false
id_len = 64
pick = { stationType = "rack" }
drop = { stationType = "floor" }
action_map = { pick = "liftUp" }
error_text = { blocked = { ru = "Путь занят", en = "The way is blocked" } }
timers = { accept = 8, action = 240.5 }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_config(tmp_path)


def profiles(config: Path) -> list[RobotProfile]:
    settings = next(one.settings for one in load(config).devices if str(one.name) == "robots")
    assert isinstance(settings, Vda5050Settings)
    return [unit.profile for unit in settings.robots]


def problems(config: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(config)
    return [str(problem) for problem in refused.value.problems]


def test_a_profile_of_every_key_is_read_whole(config: Path) -> None:
    (config / PROFILE).write_text(WHOLE, "utf-8")
    assert profiles(config)[0] == RobotProfile(
        version="3.0.0",
        interface="acme",
        instant_keys=("actions", "instantActions"),
        action_name=True,
        deviation_keys=("allowedDeviationXy",),
        node_position=False,
        free_nav=True,
        temp_start_node=True,
        start_deviation_m=1.0,
        loads=LoadsUse.NONE,
        reports_online_after_reconnect=False,
        min_order_interval_s=2.0,
        id_len=64,
        pick={"stationType": "rack"},
        drop={"stationType": "floor"},
        action_map={"pick": "liftUp"},
        error_text={"blocked": {"ru": "Путь занят", "en": "The way is blocked"}},
        timers={"accept": 8.0, "action": 240.5},
    )


def test_an_empty_profile_is_a_plain_robot_of_2_1(config: Path) -> None:
    (config / PROFILE).write_text("", "utf-8")
    assert profiles(config) == [RobotProfile(), RobotProfile()]


@pytest.mark.parametrize("name", ["demo-2.0", "demo-2.1", "demo-3.0"])
def test_every_robot_may_have_a_profile_of_its_own(config: Path, name: str) -> None:
    change(config, "floor.toml", '"demo-2.1"', f'"{name}"')
    first, second = profiles(config)
    assert (first.version, second.version) == (f"{name.removeprefix('demo-')}.0", "2.1.0")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("instant_key = []", f"{PROFILE}: instant_key: unknown key"),
        ('version = "1.1.0"', f"{PROFILE}: version: 1.1.0 is not spoken"),
        ("timers = { lunch = 5 }", f"{PROFILE}: timers: lunch is not known"),
        ('timers = { accept = "soon" }', f"{PROFILE}: timers.accept: 'soon' does not fit"),
        ('loads = "maybe"', f"{PROFILE}: loads: 'maybe' does not fit"),
        ('error_text = { e1 = { ru = "x" } }', f"{PROFILE}: error_text: e1 does not fit"),
        ("id_len = 30", "floor.toml: robot r1.profile.id_len: ids of orders and actions have"),
        ("id_numerical = true", "floor.toml: robot r1.profile: id 'P1' is no number"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_place(config: Path, text: str, told: str) -> None:
    (config / PROFILE).write_text(text, "utf-8")
    found = problems(config)
    assert any(line.startswith(told) for line in found), "\n".join(found)


def test_names_that_a_robot_would_refuse_are_found_before_it_refuses_them(config: Path) -> None:
    (config / PROFILE).write_text("id_len = 40", "utf-8")
    floor = config / "floor.toml"
    floor.write_text(floor.read_text("utf-8").replace('"P1"', '"P/1"'), "utf-8")
    assert any("'P/1' does not fit a robot's wire" in line for line in problems(config))
    long = "P" * 39
    floor.write_text(floor.read_text("utf-8").replace('"P/1"', f'"{long}"'), "utf-8")
    told = [line for line in problems(config) if "id_len: at most 40" in line]
    assert told
    assert all(f"{long}:" in line or f":{long}" in line for line in told)
