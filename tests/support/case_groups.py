"""All cases that are played through a real station, by the station that can play them."""

from collections.abc import Mapping
from typing import Final

from cases import Group
from container_cases import CONTAINER_CASES, prepare
from container_cases import SETTINGS as CONTAINER_SETTINGS
from hold_cases import HOLD_CASES, SETTINGS
from late_cases import LATE_CASES, impatient
from mark_cases import MARK_CASES, proven
from parcel_cases import PARCEL_CASES
from quality_cases import GOLD, LOOKS
from shift_cases import SHIFT_CASES

GROUPS: Final[Mapping[str, Group]] = {
    "parcels": Group(cases=PARCEL_CASES),
    "holds": Group(cases=HOLD_CASES, settings=SETTINGS),
    "looks": LOOKS,
    "gold": GOLD,
    "containers": Group(cases=CONTAINER_CASES, settings=CONTAINER_SETTINGS, prepare=prepare),
    "late": Group(cases=LATE_CASES, prepare=impatient),
    "shift": Group(cases=SHIFT_CASES),
    "marks": Group(cases=MARK_CASES, prepare=proven),
}
