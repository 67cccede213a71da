"""What a passed self-test of a scanner holds for: how the scanner is configured, in one digest."""

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Final

from edge.settings.model import DeviceSettings

SELFTEST_DAYS: Final = 30
# Where it is plugged in and when to test again change nothing about the bytes it delivers.
_ELSEWHERE: Final = frozenset({"port", "match", "selftest_days"})


def profile_sha256(device: DeviceSettings) -> str:
    """Return the digest (hex) of the driver and of every setting that a code's bytes depend on."""
    fields = {k: v for k, v in asdict(device.settings).items() if k not in _ELSEWHERE}
    text = json.dumps([device.driver, fields], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()


def selftest_days(device: DeviceSettings) -> int:
    """Return for how many days a passed self-test of this device counts as fresh."""
    return int(getattr(device.settings, "selftest_days", SELFTEST_DAYS))
