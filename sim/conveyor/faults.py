"""Faults of a PLC by name, as the command line and the control door give them."""

from dataclasses import fields
from typing import Final

from sim.conveyor.sorter import PlcFaults

FAULTS: Final = tuple(one.name for one in fields(PlcFaults))


def set_fault(faults: PlcFaults, name: str, value: object) -> None:
    """Set one fault by its name. Raises ValueError for a name or value that there is not."""
    if name not in FAULTS:
        raise ValueError(f"{name}: no such fault: {', '.join(FAULTS)}")
    if name == "lanes_full":
        faults.lanes_full = {int(str(value))} if value else set()
        return
    kind = type(getattr(PlcFaults(), name))
    setattr(faults, name, kind(value) if isinstance(value, bool | int) else kind(int(str(value))))
