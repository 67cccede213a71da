"""The table of drivers: clear about what is missing."""

import pytest

from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError
from drivers.protocols import Capability
from drivers.registry import driver_class, settings_class


def test_an_unknown_driver_is_told_with_the_known_ones() -> None:
    with pytest.raises(DriverNotFoundError, match=r"scanner\.serial_line"):
        driver_class("scanner.telepathy")


def test_a_missing_library_is_named_with_its_cure() -> None:
    rows = {"scanner.none": ("no_such_library.scanner", "Scanner", "Settings")}
    with pytest.raises(DriverNotFoundError, match="install no_such_library"):
        driver_class("scanner.none", rows)


def test_a_hole_in_the_product_is_no_missing_library() -> None:
    rows = {"scanner.none": ("drivers.scanner.none", "Scanner", "Settings")}
    with pytest.raises(ModuleNotFoundError):
        driver_class("scanner.none", rows)


def test_capabilities_are_told_before_opening() -> None:
    settings = settings_class("memory.scanner")()
    driver = driver_class("memory.scanner")("hand-1", settings, SystemClock())
    assert Capability.TONE in driver.capabilities
