"""What the running station is made of, as values: its stores, and what it is told."""

import random
from dataclasses import dataclass
from pathlib import Path

from drivers.protocols import Clock
from edge.barcodes.classify import Rules
from edge.events import Origin
from edge.journal.photos import Lost, PhotoStore
from edge.journal.reader import Reader
from edge.journal.reference import Reference
from edge.journal.writer import Journal
from edge.service.devices import Devices
from edge.service.look_up import LookUp
from edge.settings.model import Settings
from edge.station.decision import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is on disk. `is_clean` = the service before this one had ended in order."""

    journal: Journal
    reader: Reader
    reference: Reference
    photos: PhotoStore
    sounds: Path
    lost: tuple[Lost, ...] = ()
    is_clean: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the station is told about itself and its surroundings."""

    settings: Settings
    devices: Devices
    origin: Origin
    context: Context
    rules: Rules
    look_up: LookUp
    clock: Clock
    rng: random.Random
