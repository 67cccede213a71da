"""Drivers by name. A driver's module, and with it its library, is imported only when asked for."""

import importlib
from collections.abc import Mapping
from typing import Any, Final

from drivers.errors import DriverNotFoundError

Row = tuple[str, str, str]

# name in configuration: module, class, settings class
DRIVERS: Final[Mapping[str, Row]] = {
    "scanner.serial_line": (
        "drivers.scanner.serial_line",
        "SerialLineScanner",
        "SerialLineSettings",
    ),
    "scanner.hid_keyboard": (
        "drivers.scanner.hid_keyboard",
        "HidKeyboardScanner",
        "HidKeyboardSettings",
    ),
    "camera.worker": ("drivers.camera.worker_client", "WorkerCamera", "CameraSettings"),
    "robot.vda5050_mqtt": ("drivers.robot.vda5050_mqtt", "Vda5050Robots", "Vda5050Settings"),
    "conveyor.modbus": ("drivers.conveyor.modbus", "ModbusConveyor", "ModbusSettings"),
    "memory.scanner": ("drivers.memory.scanner", "MemoryScanner", "MemoryScannerSettings"),
    "memory.camera": ("drivers.memory.camera", "MemoryCamera", "MemoryCameraSettings"),
    "memory.robots": ("drivers.memory.robots", "MemoryRobots", "MemoryRobotsSettings"),
    "memory.conveyor": ("drivers.memory.conveyor", "MemoryConveyor", "MemoryConveyorSettings"),
}

# Tools of `doctor`: no configuration names them, they look at the far end of a configured driver.
PROBES: Final[Mapping[str, Row]] = {
    "vda5050": ("drivers.robot.probe", "Vda5050Probe", "Vda5050Settings"),
    "broker": ("drivers.robot.broker_probe", "MqttBrokerProbe", "Vda5050Settings"),
    "robots": ("drivers.robot.probe", "BrokerRobots", "Vda5050Settings"),
    "modbus": ("drivers.conveyor.modbus_probe", "ModbusProbe", "ModbusSettings"),
}

_CURES: Final = {
    "evdev": "install the extra: receiving-edge[hid]",
    "pyzbar": "apt install libzbar0",
}


def driver_class(name: str, rows: Mapping[str, Row] = DRIVERS) -> type[Any]:
    """Return the class to be made as `Driver(name, settings, clock)`.

    Raises DriverNotFoundError for an unknown name or a missing library, which it names.
    """
    module, class_name, _ = _row(name, rows)
    return _load(name, module, class_name)


def probe_class(name: str) -> type[Any]:
    """Return the class of a probe, made as its driver is. Raises DriverNotFoundError."""
    return driver_class(name, PROBES)


def keyboard_search() -> type[Any]:
    """Return the class that names keyboards nobody configured, made as `Class(matches, root)`."""
    return _load("keyboards", "drivers.scanner.hid_search", "StrayKeyboards")


def settings_class(name: str, rows: Mapping[str, Row] = DRIVERS) -> type[Any]:
    """Return the frozen dataclass whose fields are this driver's configuration keys.

    Raises DriverNotFoundError as `driver_class` does.
    """
    module, _, class_name = _row(name, rows)
    return _load(name, module, class_name)


def _row(name: str, rows: Mapping[str, Row]) -> Row:
    if name not in rows:
        raise DriverNotFoundError(name, "find the driver", f"known are {', '.join(sorted(rows))}")
    return rows[name]


def _load(name: str, module: str, class_name: str) -> type[Any]:
    try:
        found: type[Any] = getattr(importlib.import_module(module), class_name)
    except ImportError as error:
        library = error.name or str(error)
        if library.startswith("drivers."):
            raise  # a hole in the product, which no installation mends
        cure = _CURES.get(library.partition(".")[0], f"install {library}")
        raise DriverNotFoundError(name, "load the driver", f"{library} missing; {cure}") from error
    return found
