"""Scans and site rules for tests of what a code means."""

from pathlib import Path

from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules
from edge.barcodes.numbers import compile_rules, read_rows

ROOT = Path(__file__).parents[2]
SITE_KEY = bytes(range(32))
OLD_KEY = bytes(range(32, 64))
RULES = Rules(
    site_keys=(SITE_KEY, OLD_KEY),
    numbers=compile_rules(read_rows((ROOT / "config" / "barcodes.toml").read_text("utf-8"))),
)


def scan_of(
    payload: str | bytes,
    symbology: str = "unknown",
    *,
    aim: str | None = None,
    source: str = "serial",
) -> Scan:
    """Return a scan as a driver hands it over."""
    return Scan(
        scan_no=1,
        payload=payload if isinstance(payload, bytes) else payload.encode(),
        device=DeviceName("hand-1"),
        source=ScanSource(source),
        first_ns=0,
        at_ns=0,
        aim_id=aim,
        symbology=Symbology(symbology),
    )
