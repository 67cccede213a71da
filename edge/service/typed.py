"""A code that was typed, or that a keyboard scanner typed, as the scan that it is."""

from typing import Final

from drivers.protocols import DeviceName, Scan, ScanFlag, ScanSource
from edge.barcodes.typed import restored
from edge.views import TypedScan

TYPED_BYTES_MAX: Final = 4096
TYPED: Final = DeviceName("terminal")


def typed_scan(act: TypedScan, number: int, now_ns: int) -> Scan:
    """Return the scan of what a terminal sent; a Russian layout is undone first."""
    back = restored(act.text)
    return Scan(
        scan_no=number,
        payload=(act.text if back is None else back).encode("utf-8")[:TYPED_BYTES_MAX],
        flags=frozenset() if back is None else frozenset({ScanFlag.LAYOUT_RESTORED}),
        device=TYPED,
        source=ScanSource.WEDGE if act.src == "wedge" else ScanSource.TYPED,
        first_ns=now_ns,
        at_ns=now_ns,
    )
