"""Every row of the registry: its module loads, its class fits its family, nothing loads early."""

import dataclasses
import inspect
import subprocess
import sys

import pytest

from drivers.registry import DRIVERS, PROBES, driver_class, probe_class, settings_class

DEVICE = {"name", "capabilities", "healths", "__aenter__", "__aexit__"}
SCANNER = DEVICE | {"scans", "confirm"}
METHODS = {
    "scanner": SCANNER,
    "camera": SCANNER | {"photograph"},
    "robot": DEVICE
    | {"snapshot", "prepare", "track", "forget", "send", "request_state", "instant", "statuses"},
    "conveyor": DEVICE | {"status", "reconcile", "write", "finish"},
}


def family(name: str) -> str:
    first, _, second = name.partition(".")
    return second.removesuffix("s") if first == "memory" else first


@pytest.mark.parametrize("name", DRIVERS)
def test_every_row_names_a_driver_with_the_methods_of_its_family(name: str) -> None:
    driver = driver_class(name)
    assert METHODS[family(name)] <= set(dir(driver))
    assert list(inspect.signature(driver).parameters)[:3] == ["name", "settings", "clock"]


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_is_made_as_drivers_are(name: str) -> None:
    parameters = list(inspect.signature(probe_class(name)).parameters)
    assert parameters[:3] == ["name", "settings", "clock"]


@pytest.mark.parametrize("name", DRIVERS)
def test_every_row_names_frozen_settings(name: str) -> None:
    settings = settings_class(name)
    assert dataclasses.is_dataclass(settings)
    assert settings.__dataclass_params__.frozen  # type: ignore[attr-defined]


def said_by(code: str) -> list[str]:
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_missing_extra_is_named() -> None:
    code = """
import sys
sys.modules["evdev"] = None
from drivers.registry import driver_class
from drivers.errors import DriverNotFoundError
try:
    driver_class("x", {"x": ("drivers.scanner.hid_reader", "main", "main")})
except DriverNotFoundError as error:
    print(error)
"""
    assert "receiving-edge[hid]" in said_by(code)


def test_looking_at_the_table_loads_no_driver() -> None:
    code = "import sys, drivers.registry; print(*(m for m in sys.modules if 'drivers.' in m))"
    assert sorted(said_by(code)) == ["drivers.errors", "drivers.registry"]


@pytest.mark.parametrize("name", ["scanner.serial_line", "scanner.hid_keyboard"])
def test_settings_of_scanners_load_no_evdev(name: str) -> None:
    code = f"""
import sys
from drivers.registry import settings_class
settings_class({name!r})
print("evdev" in sys.modules)
"""
    assert said_by(code) == ["False"]
